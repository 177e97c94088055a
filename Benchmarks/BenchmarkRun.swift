import Support
import Tensor

/// The benchmarks that a command line asks for, one after the other.
enum BenchmarkRun {
  static func run(_ options: Options) throws {
    let (report, machine) = try measure(options)
    if options.wantsJSON { StandardStream.output.write(report.document(machine).document) }
  }

  /// Measures the machine, then every case on every kernel.
  static func measure(_ options: Options) throws -> (report: Report, machine: Machine) {
    guard Harness.isOptimized else { throw BenchmarkError.debugBuild }
    let report = Report(wantsJSON: options.wantsJSON)
    let machine = Machine(kernels: options.kernels, threads: options.threads, isQuick: options.isQuick)
    report.begin(on: machine)
    let session = Session(options, machine: machine, report: report)
    for benchmark in options.benchmarks {
      for kernel in benchmark.dependsOnKernel ? options.kernels : [Kernel.current] {
        try Kernel.$current.withValue(kernel) {
          for size in options.sizes ?? benchmark.sizes { try benchmark.run(size, session) }
        }
      }
    }
    return (report, machine)
  }
}
