import Support
import Tensor

/// The bytes a second that come from memory when they are only added up.
enum ReadBandwidth {
  private static let runs = 7
  /// Bytes of a task: long for the prefetcher, short beside the whole.
  private static let grain = 1 << 20

  /// Best of several passes over a buffer that no cache can hold, for each number of threads.
  static func measure(byteCount: Int, threads: [Int]) -> [(threads: Int, rate: Double)] {
    let storage = AlignedStorage(byteCount: byteCount)
    let words = storage.pointer.bindMemory(to: UInt64.self, capacity: byteCount / 8)
    nonisolated(unsafe) let target = words
    // Written first: pages that were never touched are all the same zeros.
    Parallel.forEachRange(byteCount / 8, grain: grain) { range in
      for i in range { target[i] = UInt64(truncatingIfNeeded: i) }
    }
    return threads.map { count in
      var best = 0.0
      for _ in 0..<runs {
        let seconds = Harness.clocked {
          Parallel.forEachRange(byteCount / grain, grain: 1, threads: count) { range in
            for task in range { Harness.consume(sum(UnsafeRawPointer(storage.pointer) + task * grain)) }
          }
        }
        best = max(best, Double(byteCount / grain * grain) / seconds)
      }
      return (count, best)
    }
  }

  /// The sum of one task's words, on four accumulators so that no addition waits for the one before.
  @inline(never)
  private static func sum(_ start: UnsafeRawPointer) -> UInt64 {
    var s0 = SIMD4<UInt64>.zero, s1 = SIMD4<UInt64>.zero, s2 = SIMD4<UInt64>.zero, s3 = SIMD4<UInt64>.zero
    for offset in stride(from: 0, to: grain, by: 128) {
      s0 &+= start.load(fromByteOffset: offset, as: SIMD4<UInt64>.self)
      s1 &+= start.load(fromByteOffset: offset + 32, as: SIMD4<UInt64>.self)
      s2 &+= start.load(fromByteOffset: offset + 64, as: SIMD4<UInt64>.self)
      s3 &+= start.load(fromByteOffset: offset + 96, as: SIMD4<UInt64>.self)
    }
    return (s0 &+ s1 &+ s2 &+ s3).wrappedSum()
  }
}
