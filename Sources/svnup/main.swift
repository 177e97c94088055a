import Support

// A path that Swift repaired would name another file.
if let place = Process.firstIllFormedArgument {
  Process.end(Console.exitStatus(reporting: UsageError("argument \(place) is not UTF-8")))
}
Process.end(Program.run(Array(CommandLine.arguments.dropFirst())))
