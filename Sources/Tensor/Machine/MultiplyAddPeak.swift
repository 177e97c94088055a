import Support

/// The floating-point operations a second that a kernel's instruction set reaches when nothing is in its way.
package enum MultiplyAddPeak {
  /// Bursts of this many seconds: long beside the start of a thread, short beside a neighbour's time slice.
  private static let burst = 0.03

  /// The best of several bursts: a peak is what was possible, not what the neighbours left.
  package static func measure(kernel: Kernel, threads: Int, bursts: Int = 9) -> Double {
    var iterations = 1
    while clocked({ work(kernel, iterations: iterations) }) < burst, iterations < 1 << 40 { iterations *= 2 }
    let operations = operationCount(kernel) * Double(iterations) * Double(threads)
    var best = 0.0
    for _ in 0..<bursts {
      let seconds = clocked {
        Parallel.forEach(threads, threads: threads) { _ in work(kernel, iterations: iterations) }
      }
      best = max(best, operations / seconds)
    }
    return best
  }

  /// Floating-point operations of a round.
  private static func operationCount(_ kernel: Kernel) -> Double {
    2 * Double(kernel.instructions.tileRows * kernel.instructions.tileColumns)
  }

  /// Runs `iterations` rounds of the kernel's own accumulators on the calling thread, without memory.
  private static func work(_ kernel: Kernel, iterations: Int) {
    let instructions = kernel.instructions
    let count = instructions.tileRows * instructions.tileColumns
    let results = AlignedStorage(byteCount: 4 * count)
    defer { withExtendedLifetime(results) {} }
    let first = results.pointer.assumingMemoryBound(to: Float.self)
    first.update(repeating: 0, count: count)
    instructions.peakMultiplyAdds(iterations: iterations, results: first)
  }
}
