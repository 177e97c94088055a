import Support

/// How long the rest of a comparison will take, from the times of tasks of the same kind.
struct CompareClock {
  private let total: Int
  private var done = 0
  /// The times of each kind of task, those of an earlier run included.
  private var seconds: [String: [Double]] = [:]

  init(total: Int) { self.total = total }

  /// A line about a task that was just done; nil for one that was there already.
  mutating func note(of task: CompareTask, _ done: CompareRun.Done, _ grid: CompareGrid) -> String? {
    self.done += 1
    seconds[Self.kind(of: task, grid), default: []].append(done.content.seconds)
    guard done.isNew else { return nil }
    let left = grid.tasks.dropFirst(self.done).reduce(0) { $0 + expected($1, grid) }
    let rest = self.done < total ? "; about \(Duration.seconds(left).clock) left" : ""
    return "\(self.done) of \(total): \(grid.words(of: task).joined(separator: ", ")): "
      + "\(Self.figure(of: task, done))\(done.content.seconds.fixed(1)) s\(rest)"
  }

  /// The mean time of tasks of a kind; of all tasks where there was none of the kind.
  private func expected(_ task: CompareTask, _ grid: CompareGrid) -> Double {
    let known = seconds[Self.kind(of: task, grid)] ?? seconds.values.flatMap(\.self)
    return known.isEmpty ? 0 : known.mean
  }

  private static func kind(of task: CompareTask, _ grid: CompareGrid) -> String {
    switch task {
    case .dense(let model): "dense \(model)"
    case .part(let part, let cell):
      "\(part.rawValue) \(cell.model) \(part == .values ? grid.words(ofRow: cell.row).joined(separator: " ") : "")"
    case .cell(let cell): "\(cell.model) \(grid.rows[cell.row].pruner.name) \(grid.rows[cell.row].recipe.rawValue)"
    }
  }

  /// What came of a task, where that is one number.
  private static func figure(of task: CompareTask, _ done: CompareRun.Done) -> String {
    guard case .cell = task, let outcome = try? CompareOutcome(FieldReader(done.content.result, source: "")),
      let first = outcome.measurements.first
    else { return "" }
    return "perplexity \(first.perplexity.perplexity.fixed(4)) in "
  }
}
