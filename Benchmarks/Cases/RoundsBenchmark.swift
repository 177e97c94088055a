import Dispatch
import Support
import Synchronization
import Tensor

/// How long it takes to hand tasks to all threads and to wait for the last: what every step of a forward pass pays.
///
/// Each task adds up 512 numbers one behind the other, some tenths of a microsecond. The variant `dispatch` has Dispatch wake its threads
/// for each round.
enum RoundsBenchmark: Benchmark {
  static let name = "rounds"
  static let summary = "a round of T short tasks for all threads, and the same with Dispatch waking them"
  static let dimensions = ["T"]
  static let sizes = [Size([64])]
  static let dependsOnKernel = false

  private static let length = 512

  static func bytes(_ size: Size) -> Int { 8 * size[0] }

  static func run(_ size: Size, _ session: Session) throws {
    let count = size[0]
    let numbers = (0..<length).map(Float.init)
    var sums = [Float](repeating: 0, count: count)
    let expected = [Float](repeating: sum(numbers), count: count)
    for (variant, round) in [("ours", ours), ("dispatch", dispatched)] {
      let identifier = identifier(size, variant)
      sums = Array(repeating: 0, count: count)
      sums.withUnsafeMutableBufferPointer { round($0, numbers) }
      guard sums == expected else { throw BenchmarkError.wrongResult("\(identifier): a task was left out") }
      session.measure(name, identifier, Work(items: (1, "rounds"))) {
        Harness.time { sums.withUnsafeMutableBufferPointer { round($0, numbers) } }
      }
    }
  }

  private static func sum(_ numbers: [Float]) -> Float { numbers.reduce(0, +) }

  private static func ours(_ sums: UnsafeMutableBufferPointer<Float>, _ numbers: [Float]) {
    Parallel.forEach(sums.count) { sums[$0] = sum(numbers) }
  }

  private static func dispatched(_ sums: UnsafeMutableBufferPointer<Float>, _ numbers: [Float]) {
    let next = Atomic<Int>(0)
    // Every index is taken by one thread, and no thread takes one after this has returned.
    nonisolated(unsafe) let sums = sums
    DispatchQueue.concurrentPerform(iterations: min(Parallel.threadCount, sums.count)) { _ in
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        if index >= sums.count { return }
        sums[index] = sum(numbers)
      }
    }
  }
}
