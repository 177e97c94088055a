import Synchronization

/// Work spread over threads.
///
/// Every kernel gives a result's element to exactly one task, which computes it in a fixed order: results are the same to the
/// bit for any number of threads.
package enum Parallel {
  /// Threads that kernels called from this task may use: the processors online, unless `$threadCount.withValue` says
  /// otherwise.
  @TaskLocal package static var threadCount: Int = Process.processorCount

  /// Calls `body` for every index in 0..<count, on up to `threads` threads, and on no more than there are processors.
  ///
  /// Threads take the next index when they are done with one, so that a core taken by a neighbour delays one small task and
  /// not a half of the work.
  package static func forEach(_ count: Int, threads: Int = threadCount, _ body: (Int) -> Void) {
    forEach(count, threads: threads, state: {}) { _, index in body(index) }
  }

  /// The same, with scratch memory that each thread makes once.
  package static func forEach<State>(
    _ count: Int, threads: Int = threadCount, state: () -> State, _ body: (inout State, Int) -> Void
  ) {
    let workers = min(threads, count)
    guard workers > 1 else {
      guard count > 0 else { return }
      var own = state()
      for index in 0..<count { body(&own, index) }
      return
    }
    let next = Atomic<Int>(0)
    ThreadTeam.shared.run(helpers: workers - 1) {
      var own: State?
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        if index >= count { return }
        var scratch = own.take() ?? state()
        body(&scratch, index)
        own = scratch
      }
    }
  }

  /// The same over consecutive ranges of at most `grain` indices.
  ///
  /// Where that makes too few ranges for the threads they are shorter, but no shorter than a quarter. They are alike, and as many for each
  /// thread, so that none waits for another's last one.
  package static func forEachRange(
    _ count: Int, grain: Int, threads: Int = threadCount, _ body: (Range<Int>) -> Void
  ) {
    let shares = threads > 1 ? threads * tasksPerThread : 1
    let fair = (count + shares - 1) / shares
    let grain = max(1, grain / 4, min(grain, fair))
    let least = (count + grain - 1) / grain
    let tasks = least > threads ? min(count, (least + threads - 1) / threads * threads) : least
    forEach(tasks, threads: threads) { task in
      // The first ones are longer by one where it does not come out even.
      let (length, longer) = (count / tasks, count % tasks)
      let first = task * length + min(task, longer)
      body(first..<first + length + (task < longer ? 1 : 0))
    }
  }

  /// As many tasks for each thread leave little to wait for at the end, also where tasks or cores are unlike.
  package static let tasksPerThread = 4

  /// What `body` returns for every index in 0..<count, in their order.
  package static func map<Result>(_ count: Int, _ body: (Int) -> Result) -> [Result] {
    Array(unsafeUninitializedCapacity: count) { buffer, initialized in
      guard let results = buffer.baseAddress else { return }
      // Every index is called once, so every element is initialised.
      forEach(count) { (results + $0).initialize(to: body($0)) }
      initialized = count
    }
  }
}
