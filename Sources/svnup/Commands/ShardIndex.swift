import Support

/// The shard that this process works on, by the flag or by the batch system.
enum ShardIndex {
  /// Variables in which batch systems count their tasks from 0: Slurm's, Kubernetes', and one for all others.
  static let variables = ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "SVNUP_SHARD"]

  /// The shard of a flag (nil for `auto`) and the environment, which must agree.
  ///
  /// Throws `UsageError` where none is given, where two disagree, and where there is no such shard.
  static func resolve(
    _ flag: Int?, of count: Int, environment: (String) -> String? = Process.environment
  ) throws(UsageError) -> Int {
    var sources: [(name: String, index: Int)] = flag.map { [("--shard", $0)] } ?? []
    for variable in variables {
      guard let text = environment(variable) else { continue }
      guard let index = Int(text) else { throw UsageError("\(variable) is \(text), which is no shard's number") }
      sources.append((variable, index))
    }
    guard let first = sources.first else {
      throw UsageError("--shard auto: none of \(variables.alternatives) is set; give the shard's number")
    }
    if let other = sources.first(where: { $0.index != first.index }) {
      throw UsageError("\(first.name) says shard \(first.index), and \(other.name) says \(other.index)")
    }
    guard (0..<count).contains(first.index) else {
      throw UsageError("\(first.name) says shard \(first.index); the plan has shards 0 to \(count - 1)")
    }
    return first.index
  }

  /// Numbers as Slurm's `--array` takes them: `0,3-5`.
  static func list(_ numbers: [Int]) -> String {
    var ranges: [ClosedRange<Int>] = []
    for number in numbers {
      let follows = ranges.last?.upperBound == number - 1
      let first = follows ? ranges.removeLast().lowerBound : number
      ranges.append(first...number)
    }
    return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(
      separator: ",")
  }
}
