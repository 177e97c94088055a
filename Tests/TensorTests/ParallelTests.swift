import Dispatch
import Foundation
import Support
import Tensor
import Testing

@Suite struct ParallelTests {
  static let counts = [0, 1, 2, 1000]

  @Test("Every index is visited exactly once", arguments: counts, threadCounts)
  func everyIndex(count: Int, threads: Int) {
    let visits = Locked([Int](repeating: 0, count: count))
    Parallel.forEach(count, threads: threads) { index in visits.withLock { $0[index] += 1 } }
    #expect(visits.withLock { $0 } == Array(repeating: 1, count: count))
  }

  @Test("Ranges cover every index exactly once, none longer than the grain", arguments: counts, threadCounts)
  func everyRange(count: Int, threads: Int) {
    for grain in [0, 1, 7, 1000, 5000] {
      let visits = Locked([Int](repeating: 0, count: count))
      Parallel.forEachRange(count, grain: grain, threads: threads) { range in
        #expect(!range.isEmpty)
        #expect(range.count <= max(grain, 1))
        visits.withLock { for index in range { $0[index] += 1 } }
      }
      #expect(visits.withLock { $0 } == Array(repeating: 1, count: count))
    }
  }

  @Test(
    "Where a grain makes too few ranges for the threads they are shorter, down to a quarter", arguments: [2, 8, 100])
  func shorterRanges(threads: Int) {
    let lengths = Locked([Int]())
    Parallel.forEachRange(1000, grain: 100, threads: threads) { range in lengths.withLock { $0.append(range.count) } }
    let found = lengths.withLock { $0 }
    #expect(found.reduce(0, +) == 1000)
    #expect(found.max() == [2: 100, 8: 32, 100: 25][threads])
  }

  @Test("Ranges are alike, and as many for each thread", arguments: [2, 3, 8])
  func evenRanges(threads: Int) {
    for (count, grain) in [(1000, 30), (240, 28), (144, 10), (17, 1)] {
      let lengths = Locked([Int]())
      Parallel.forEachRange(count, grain: grain, threads: threads) { range in
        lengths.withLock { $0.append(range.count) }
      }
      let found = lengths.withLock { $0 }
      #expect(found.count % threads == 0 || found.count == count)
      #expect((found.max() ?? 0) - (found.min() ?? 0) <= 1)
    }
  }

  @Test(
    "Another thread takes part: two tasks that wait for each other both end",
    .enabled(if: ProcessInfo.processInfo.activeProcessorCount > 1))
  func others() {
    // Again after a pause in which every thread has gone to sleep.
    for pause: UInt32 in [0, 0, 300_000] {
      usleep(pause)
      let arrived = [DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)]
      let met = Locked(0)
      Parallel.forEach(2, threads: 2) { index in
        arrived[index].signal()
        if arrived[1 - index].wait(timeout: .now() + 60) == .success { met.withLock { $0 += 1 } }
      }
      #expect(met.withLock { $0 } == 2)
    }
  }

  @Test("Each thread makes its scratch memory once and keeps it", arguments: counts, threadCounts)
  func scratch(count: Int, threads: Int) {
    final class Scratch { var uses = 0 }
    let made = Locked(0)
    let total = Locked(0)
    Parallel.forEach(
      count, threads: threads,
      state: {
        made.withLock { $0 += 1 }
        return Scratch()
      },
      { scratch, _ in
        scratch.uses += 1
        total.withLock { $0 += 1 }
      })
    #expect(made.withLock { $0 } <= min(threads, count))
    #expect(total.withLock { $0 } == count)
  }

  @Test("More callers than there are places for, each with work within its work, all get all of it done")
  func manyCallers() {
    let callers = 40
    let sums = Locked([Int](repeating: 0, count: callers))
    DispatchQueue.concurrentPerform(iterations: callers) { caller in
      for _ in 0..<50 {
        let own = Locked(0)
        Parallel.forEach(7, threads: 4) { outer in
          Parallel.forEach(5, threads: 3) { inner in own.withLock { $0 += 10 * outer + inner } }
        }
        sums.withLock { $0[caller] += own.withLock { $0 } }
      }
    }
    // Σ over outer < 7 and inner < 5 of 10 · outer + inner, fifty times.
    #expect(sums.withLock { $0 } == Array(repeating: 50 * (5 * 210 + 7 * 10), count: callers))
  }

  @Test("What tasks write is seen by whoever waited for them, with short and long pauses between")
  func writes() {
    var numbers = [Int](repeating: 0, count: 64)
    for round in 0..<2000 {
      // Longer than a thread stays awake, now and then.
      if round % 200 == 199 { usleep(2000) }
      numbers.withUnsafeMutableBufferPointer { buffer in
        nonisolated(unsafe) let buffer = buffer
        Parallel.forEach(64, threads: 8) { buffer[$0] += $0 + round }
      }
    }
    #expect(numbers == (0..<64).map { 2000 * $0 + 2000 * 1999 / 2 })
  }

  @Test("Nothing of the work is kept once it is done", arguments: threadCounts)
  func nothingIsKept(threads: Int) {
    final class Load {}
    weak var remains: Load?
    do {
      let load = Load()
      remains = load
      for _ in 0..<100 {
        Parallel.forEach(8, threads: threads, state: { load }) { own, _ in precondition(own === load) }
      }
    }
    #expect(remains == nil)
  }

  @Test("The number of threads is the task's, never less than one")
  func threadCount() {
    #expect(Parallel.threadCount >= 1)
    Parallel.$threadCount.withValue(3) { #expect(Parallel.threadCount == 3) }
    for threads in [0, -4] {
      let visits = Locked(0)
      Parallel.forEach(5, threads: threads) { _ in visits.withLock { $0 += 1 } }
      #expect(visits.withLock { $0 } == 5, "\(threads) threads still do the work")
    }
  }
}

/// A value under a lock that ThreadSanitizer knows; of Synchronization's Mutex it knows nothing.
private final class Locked<Value>: @unchecked Sendable {
  private let lock = NSLock()
  private var value: Value

  init(_ value: Value) { self.value = value }

  func withLock<Result>(_ body: (inout Value) -> Result) -> Result { lock.withLock { body(&value) } }
}
