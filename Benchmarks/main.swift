import Support

Process.ignoreWriteSignals()
do {
  let options = try Options(Array(CommandLine.arguments.dropFirst()))
  switch options.command {
  case .help: StandardStream.output.write(Help.text)
  case .run: try BenchmarkRun.run(options)
  case .compare: try Comparison.run(options)
  }
} catch let error as any Diagnostic {
  StandardStream.error.write("Benchmarks: \(error)\n")
  Process.end([.invalidSetting: 64, .noInput: 66, .cannotCreate: 73, .inputOutput: 74][error.failureKind] ?? 65)
} catch {
  StandardStream.error.write("Benchmarks: \(error)\n")
  Process.end(65)
}
