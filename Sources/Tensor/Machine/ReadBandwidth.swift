import Support

/// The bytes a second that come from memory when they are only added up.
package enum ReadBandwidth {
  private static let runs = 7
  /// Bytes of a task: long for the prefetcher, short beside the whole.
  private static let grain = 1 << 20

  /// Best of several passes over a buffer that no cache can hold, for each number of threads.
  package static func measure(byteCount: Int, threads: [Int]) -> [(threads: Int, rate: Double)] {
    let storage = AlignedStorage(byteCount: byteCount)
    let words = storage.pointer.bindMemory(to: UInt64.self, capacity: byteCount / 8)
    nonisolated(unsafe) let target = words
    // Written first: pages that were never touched are all the same zeros.
    Parallel.forEachRange(byteCount / 8, grain: grain) { range in
      for i in range { target[i] = UInt64(truncatingIfNeeded: i) }
    }
    defer { withExtendedLifetime(storage) {} }
    let instructions = Kernel.current.instructions
    let floats = storage.pointer.assumingMemoryBound(to: Float.self)
    return threads.map { count in
      var best = 0.0
      for _ in 0..<runs {
        let seconds = clocked {
          Parallel.forEachRange(byteCount / grain, grain: 1, threads: count) { range in
            for task in range { consume(instructions.peakRead(floats + task * grain / 4, count: grain / 4)) }
          }
        }
        best = max(best, Double(byteCount / grain * grain) / seconds)
      }
      return (count, best)
    }
  }

  /// Uses a sum where the optimizer cannot see that nothing becomes of it.
  @inline(never)
  private static func consume(_ sum: Float) { withExtendedLifetime(sum) {} }
}
