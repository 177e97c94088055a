import Support

extension BPETokenizer {
  /// The ids of a long text, encoded by all threads: the same ids as `encode` gives, for any number of threads.
  ///
  /// `progress` is told the parts done and the parts in all.
  public func encodeInParallel(_ text: [UInt8], progress: (_ completed: Int, _ total: Int) -> Void = { _, _ in })
    -> [Int]
  {
    let plan = plan(text)
    var ids: [Int] = []
    ids.reserveCapacity(text.count / 3)
    // Enough parts at a time to keep all threads busy, few enough to show progress.
    let batch = 16 * Parallel.threadCount
    for start in stride(from: 0, to: plan.count, by: batch) {
      let parts = Parallel.map(min(batch, plan.count - start)) { plan.ids(ofPart: start + $0) }
      for part in parts { ids.append(contentsOf: part) }
      progress(start + parts.count, plan.count)
    }
    return ids
  }
}
