import Support
import Tensor

// swift run -c release Benchmarks [matmul] [--json]
do {
  guard Harness.isOptimized else { throw BenchmarkError.debugBuild }
  let words = CommandLine.arguments.dropFirst()
  if let name = words.first(where: { $0 != "matmul" && $0 != "--json" }) { throw BenchmarkError.unknownBenchmark(name) }
  let results = try MatmulBenchmark().run()
  if words.contains("--json") { print(results.document) }
} catch {
  StandardStream.error.write("Benchmarks: \(error)\n")
  Process.end(.usage)
}
