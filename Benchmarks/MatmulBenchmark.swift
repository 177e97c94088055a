import Support
import Tensor

/// A · Bᵀ on every kernel of this machine, each compared with the reference before it is timed.
struct MatmulBenchmark {
  /// (m, n, k): square ones, a linear layer of a small model on a batch, and one with edges everywhere.
  private static let shapes = [
    (512, 512, 512), (1024, 1024, 1024), (2048, 768, 768), (4096, 352, 128), (1021, 509, 251),
  ]

  func run(showing isTable: Bool) throws -> JSON {
    var results: [JSON] = []
    if isTable { print(row(["kernel", "threads", "m", "n", "k"]), " GFLOP/s median [least, most]") }
    for kernel in MatmulKernel.allCases where kernel.isAvailable && kernel != .reference {
      try MatmulKernel.$current.withValue(kernel) {
        for (m, n, k) in Self.shapes {
          let (a, b) = (random(m, k, seed: 1), random(n, k, seed: 2))
          try verify(a, b, kernel)
          for threads in Set([1, Process.processorCount]).sorted() {
            let timing = Parallel.$threadCount.withValue(threads) { Harness.time { matmul(a, transposed: b) } }
            let work = 2 * Double(m) * Double(n) * Double(k) / 1e9
            let rates = [timing.median, timing.most, timing.least].map { (work / $0).fixed(1) }
            if isTable {
              print(
                row([kernel.rawValue] + [threads, m, n, k].map { "\($0)" }), " \(rates[0]) [\(rates[1]), \(rates[2])]")
            }
            results.append([
              "kernel": JSON(kernel.rawValue), "threads": JSON(threads), "m": JSON(m), "n": JSON(n), "k": JSON(k),
              "medianSeconds": JSON(timing.median), "gigaflops": JSON(work / timing.median),
            ])
          }
        }
      }
    }
    return .array(results)
  }

  /// Cells in columns of nine, on the right.
  private func row(_ cells: [String]) -> String {
    cells.map { String(repeating: " ", count: max(0, 9 - $0.count)) + $0 }.joined()
  }

  /// The first and last rows against the reference, edges included.
  ///
  /// |difference| <= 2 · (k + 4) · 2⁻²⁴ · Σ|a||b|: the bound of a sum of k rounded products, for each of the two.
  private func verify(_ a: Matrix, _ b: Matrix, _ kernel: MatmulKernel) throws(BenchmarkError) {
    let whole = matmul(a, transposed: b)
    for range in [0..<7, a.rows - 7..<a.rows] {
      let rows = a.rows(range)
      let found = whole.rows(range)
      let wanted = MatmulKernel.$current.withValue(.reference) { matmul(rows, transposed: b) }
      for i in 0..<found.rows {
        for j in 0..<found.columns {
          let bound = (0..<a.columns).reduce(0.0) { $0 + Double((rows[i, $1] * b[j, $1]).magnitude) }
          let tolerance = 2 * bound * Double(a.columns + 4) * 0x1p-24
          guard abs(Double(found[i, j]) - Double(wanted[i, j])) <= tolerance else {
            throw .wrongResult("matmul on \(kernel.rawValue), element (\(range.lowerBound + i), \(j))")
          }
        }
      }
    }
  }

  private func random(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix {
    var generator = SeededGenerator(seed: seed)
    return Matrix(
      rows: rows, columns: columns, elements: (0..<rows * columns).map { _ in Float(generator.normal()) })
  }
}

/// Why a benchmark did not run to its end.
enum BenchmarkError: Error, CustomStringConvertible {
  case debugBuild
  case unknownBenchmark(String)
  case wrongResult(String)

  var description: String {
    switch self {
    case .debugBuild: "a debug build says nothing about speed: swift run -c release Benchmarks"
    case .unknownBenchmark(let name): "there is no benchmark '\(name)'; there is matmul"
    case .wrongResult(let what): "\(what) differs from the reference: not timed"
    }
  }
}
