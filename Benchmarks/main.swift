import Support
import Tensor

// swift run -c release Benchmarks [matmul] [--json]
do {
  guard Harness.isOptimized else { throw BenchmarkError.debugBuild }
  let words = CommandLine.arguments.dropFirst()
  if let name = words.first(where: { $0 != "matmul" && $0 != "--json" }) { throw BenchmarkError.unknownBenchmark(name) }
  let wantsJSON = words.contains("--json")
  let results = try MatmulBenchmark().run(showing: !wantsJSON)
  if wantsJSON { StandardStream.output.write(results.document) }
} catch {
  StandardStream.error.write("Benchmarks: \(error)\n")
  if case BenchmarkError.wrongResult = error { Process.end(.badData) }
  Process.end(.usage)
}
