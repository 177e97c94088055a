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
    var parts: [String] = []
    var index = 0
    while index < numbers.count {
      var end = index
      while end + 1 < numbers.count, numbers[end + 1] == numbers[end] + 1 { end += 1 }
      parts.append(end == index ? "\(numbers[index])" : "\(numbers[index])-\(numbers[end])")
      index = end + 1
    }
    return parts.joined(separator: ",")
  }
}
