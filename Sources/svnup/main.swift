import Support

Process.end(Program.run(Array(CommandLine.arguments.dropFirst())))
