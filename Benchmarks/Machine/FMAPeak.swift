import Support
import Tensor

/// The floating-point operations a second that a kernel's instruction set reaches when nothing is in its way.
enum FMAPeak {
  /// Bursts of this many seconds: long beside the start of a thread, short beside a neighbour's time slice.
  private static let burst = 0.03

  /// The best of several bursts: a peak is what was possible, not what the neighbours left.
  static func measure(kernel: MatmulKernel, threads: Int, bursts: Int = 9) -> Double {
    var iterations = 1
    while Harness.clocked({ _ = work(kernel, iterations: iterations) }) < burst, iterations < 1 << 40 {
      iterations *= 2
    }
    var best = 0.0
    for _ in 0..<bursts {
      var operations = 0.0
      let seconds = Harness.clocked {
        Parallel.forEach(threads, threads: threads) { _ in Harness.consume(work(kernel, iterations: iterations)) }
        operations = operationCount * Double(iterations) * Double(threads)
      }
      best = max(best, operations / seconds)
    }
    return best
  }

  // The stand-in for a loop over independent accumulators in registers: a product whose operands stay in the nearest caches.
  // Its packing and its loads are work too, so it stays some per cent below the peak.

  private static let (rows, columns, depth) = (960, 64, 128)
  private static let a = Matrix.uniform(rows, depth, seed: 1)
  private static let b = Matrix.uniform(columns, depth, seed: 2)
  private static var operationCount: Double { 2 * Double(rows * columns * depth) }

  /// Does `iterations` times `operationCount` operations on the calling thread.
  private static func work(_ kernel: MatmulKernel, iterations: Int) -> Float {
    MatmulKernel.$current.withValue(kernel) {
      Parallel.$threadCount.withValue(1) {
        var last: Float = 0
        for _ in 0..<iterations { last = matmul(a, transposed: b)[0, 0] }
        return last
      }
    }
  }
}
