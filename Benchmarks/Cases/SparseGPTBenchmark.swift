import ShapleyPrune
import Support
import Tensor

/// SparseGPT on a weight (R, C) at 50 %, statistics given: Hessian, factor of its inverse, and the sweep over the columns.
enum SparseGPTBenchmark: Benchmark {
  static let name = "sparsegpt"
  static let summary = "SparseGPT on a weight (R, C) at 50 %, statistics given"
  static let dimensions = ["R", "C"]
  static let sizes = [[768, 3072], [2048, 2048]].map(Size.init)

  static func bytes(_ size: Size) -> Int { PruningInputs.bytes(size) }

  static func run(_ size: Size, _ session: Session) throws {
    let inputs = PruningInputs(size, kind: .gram)
    let identifier = identifier(size, "f32")
    try verify(inputs, identifier)
    let (rows, columns) = (Double(size[0]), Double(size[1]))
    // The factor of the inverse, and half a multiply-add for every weight and every column before its own.
    let operations = 2 * columns * columns * columns / 3 + PruningInputs.sparsity * rows * columns * columns
    let work = Work(operations: operations, items: (rows * columns, "weights"))
    try session.measure(name, identifier, work) { try inputs.time(SparseGPTPruner()) }
  }

  /// The exact count, and the error of the outputs computed from its definition.
  ///
  /// With H⁻¹ = Uᵀ U, the change of a row is D = -e U for its errors e, so D H Dᵀ = e eᵀ: half its sum over the rows must be the
  /// loss that was reported, whichever weights were chosen. Factor, errors and updates are sums of up to n terms, whose errors
  /// are about sqrt(n) · u of the sizes that meet in Σ|D||H||D|, and hardly ever more than four times as much (Higham and
  /// Mary; see `ForwardBenchmark.tolerance`). Pruning without updates must lose more.
  private static func verify(_ inputs: PruningInputs, _ identifier: String) throws {
    let pruner = SparseGPTPruner()
    let (found, outcome) = try inputs.pruned(by: pruner)
    let (rows, columns) = (found.rows, found.columns)
    let wanted = stride(from: 0, to: columns, by: pruner.blockSize).reduce(0) {
      $0 + Int(Double(rows * min(pruner.blockSize, columns - $1)) * PruningInputs.sparsity)
    }
    guard outcome.prunedCount == wanted, found.elements.count(where: { $0 == 0 }) >= wanted else {
      throw BenchmarkError.wrongResult("\(identifier): \(outcome.prunedCount) weights pruned instead of \(wanted)")
    }
    guard let hessian = dampedHessian(inputs.statistics, outcome.dampening ?? .nan) else {
      throw BenchmarkError.wrongResult("\(identifier): there is no Hessian")
    }
    let (loss, magnitude) = quadraticForm(found, minus: inputs.weight, hessian)
    try Oracle.require(
      outcome.loss ?? .nan, near: loss / 2, within: 4 * Double(columns).squareRoot() * Oracle.unitRoundoff * magnitude,
      "\(identifier), the loss")
    let plain = try inputs.pruned(by: MagnitudePruner()).weight
    guard loss < quadraticForm(plain, minus: inputs.weight, hessian).sum else {
      throw BenchmarkError.wrongResult("\(identifier): pruning by magnitude loses less")
    }
  }

  /// 2/n Σ xᵀx with a share of the mean diagonal added to the diagonal.
  private static func dampedHessian(_ statistics: InputStatistics, _ dampening: Double) -> Matrix? {
    guard var hessian = statistics.gram else { return nil }
    let (n, count) = (hessian.rows, hessian.count)
    let factor = Float(2 / Double(statistics.sequences))
    hessian.withMutableElements { h in
      for i in 0..<count { h[i] *= factor }
      let mean = (0..<n).reduce(0.0) { $0 + Double(h[$1 * n + $1]) } / Double(n)
      for i in 0..<n { h[i * n + i] += Float(dampening * mean) }
    }
    return hessian
  }

  /// Σ D H Dᵀ over the rows of a difference D, and Σ |D| |H| |Dᵀ|.
  static func quadraticForm(
    _ found: Matrix, minus weight: Matrix, _ hessian: Matrix
  ) -> (sum: Double, magnitude: Double) {
    var difference = found
    let (rows, n) = (found.rows, found.columns)
    difference.withMutableElements { d in
      weight.withElements { w in for i in 0..<rows * n { d[i] -= w[i] } }
    }
    var sums = [(sum: Double, magnitude: Double)](repeating: (0, 0), count: rows)
    sums.withUnsafeMutableBufferPointer { sums in
      let sums = sums
      difference.withElements { d in
        hessian.withElements { h in
          Parallel.forEach(rows) { i in
            let row = d + i * n
            for k in 0..<n where row[k] != 0 {
              let (sum, magnitude) = Oracle.dot(row, h + k * n, count: n)
              sums[i].sum += Double(row[k]) * sum
              sums[i].magnitude += Double(row[k].magnitude) * magnitude
            }
          }
        }
      }
    }
    return sums.reduce((0, 0)) { ($0.0 + $1.sum, $0.1 + $1.magnitude) }
  }
}
