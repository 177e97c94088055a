import Support

/// The piece of a plan that this process works on, a shard or a task, by the flag or by the batch system.
enum ShardIndex {
  /// Variables in which batch systems count their tasks from 0: Slurm's, Kubernetes', and one for all others.
  static let variables = ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "SVNUP_SHARD"]

  /// The number of a flag (nil for `auto`) and the environment, which must agree.
  ///
  /// Throws `UsageError` where none is given, where two disagree, and where there is no such piece.
  ///
  /// - Parameter piece: what a piece is called, and the flag.
  static func resolve(
    _ flag: Int?, of count: Int, piece: String = "shard", environment: (String) -> String? = Process.environment
  ) throws(UsageError) -> Int {
    var sources: [(name: String, index: Int)] = flag.map { [("--\(piece)", $0)] } ?? []
    for variable in variables {
      // One that is set to nothing says nothing.
      guard let text = environment(variable), !text.isEmpty else { continue }
      guard let index = Int(text) else { throw UsageError("\(variable) is \(text), which is no \(piece)'s number") }
      sources.append((variable, index))
    }
    guard let first = sources.first else {
      throw UsageError("--\(piece) auto: none of \(variables.alternatives) is set; give the \(piece)'s number")
    }
    if let other = sources.first(where: { $0.index != first.index }) {
      throw UsageError("\(first.name) says \(piece) \(first.index), and \(other.name) says \(other.index)")
    }
    guard (0..<count).contains(first.index) else {
      throw UsageError("\(first.name) says \(piece) \(first.index); the plan has \(piece)s 0 to \(count - 1)")
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

extension ValueKind where Value == Int? {
  /// A number from 0, or `auto`, which is nil.
  ///
  /// - Parameter piece: what is numbered.
  static func number(ofPiece piece: String) -> Self {
    Self(placeholder: "I|auto") { text throws(UsageError) in
      if text == "auto" { return nil }
      guard let index = Int(text), index >= 0 else { throw UsageError("must be a \(piece)'s number from 0, or auto") }
      return index
    } spell: { index in
      index.map { "\($0)" } ?? "auto"
    }
  }
}
