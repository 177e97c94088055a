import Support
import Transformer

/// The results of a comparison: a row for each way of pruning, a column for each model, text or task, and target.
public struct Comparison: Sendable {
  /// What a row came to in a column, over the seeds.
  public struct Entry: Sendable {
    /// The figures, one a seed; NaN where a model could not be pruned so.
    public internal(set) var figures: [Double] = []
    /// Their mean.
    public internal(set) var mean = Double.nan
    /// Their standard deviation; nil for one seed.
    public internal(set) var deviation: Double?
    /// The mean perplexity against that of the uniform allocation of the same method, minus one; of an accuracy, the difference.
    ///
    /// Nil where there is none in the comparison.
    public internal(set) var change: Double?
    /// Whether that is more than noise, by the mean losses of windows, or by the items, over the seeds.
    public internal(set) var changeTest: PairedTest?
    /// Whether no row has a better mean in the column.
    public internal(set) var isBest = false
    /// Whether the difference to the best row is more than noise; nil for the best.
    public internal(set) var bestTest: PairedTest?
  }

  /// A column.
  public struct Column: Sendable {
    /// The model's name.
    public let model: String
    /// The name of the text's or the task's file.
    public let text: String
    /// What the figures are.
    public let measure: CompareMeasure
    /// What the models were pruned to: `70 %`, `2:4`.
    public let target: String
    /// The same as a pattern.
    public let pattern: SparsityPattern
    /// The figure of the model as it is.
    public let dense: Double
    let modelIndex: Int
    let subject: CompareSubject
    let targetIndex: Int
  }

  /// What a row's words are: `method`, `allocation`, and what else rows differ in.
  public let titles: [String]
  /// The rows in words, one for each title.
  public let rows: [[String]]
  /// The columns.
  public let columns: [Column]
  /// What each row came to in each column; nil where N:M does not go with a row.
  public let entries: [[Entry?]]
  /// How many seeds there were.
  public let seeds: Int
  /// The files of the tasks that were asked.
  package var tasks: [String] { grid.job.tasks }
  /// How many prunings there were.
  public var cellCount: Int { grid.cells.count }
  /// What it took.
  public let cost: Cost
  /// Cells that could not be pruned, with the reason.
  public let failures: [(cell: String, reason: String)]
  let grid: CompareGrid
  /// What every cell came to.
  let outcomes: [CompareCell: CompareOutcome]
  /// The dense models' figures.
  let dense: [CompareDense]
  /// The program, the kernel and the hashes of the files, for each model.
  let identity: CompareIdentity

  /// The times that tasks took, whenever and wherever they were done.
  public struct Cost: Sendable {
    /// All cells together, in seconds.
    public internal(set) var cells = 0.0
    /// What they share, measured once, in seconds.
    public internal(set) var shared = 0.0
    /// What that would have taken more if every cell had measured it for itself, in seconds.
    public internal(set) var saved = 0.0
  }

  /// - Parameters:
  ///   - results: what is in every task's file.
  ///   - path: the file of a task, for messages.
  init(
    _ grid: CompareGrid, _ results: [CompareTask: CompareTaskFile.Content], identity: CompareIdentity,
    path: (CompareTask) -> String
  ) throws(DocumentError) {
    self.grid = grid
    self.identity = identity
    func fields(_ task: CompareTask) -> FieldReader {
      FieldReader(results[task]?.result ?? .null, source: path(task), path: "result")
    }
    let job = grid.job
    var dense: [CompareDense] = []
    for model in job.models.indices {
      let found = try CompareDense(fields(.dense(model: model)))
      guard found.measurements.count == job.evaluations.count else {
        throw fields(.dense(model: model)).failure("it has \(found.measurements.count) texts", at: "texts")
      }
      guard found.answers.count == job.tasks.count else {
        throw fields(.dense(model: model)).failure("it has \(found.answers.count) tasks", at: "tasks")
      }
      dense.append(found)
    }
    var outcomes: [CompareCell: CompareOutcome] = [:]
    var failures: [(cell: String, reason: String)] = []
    for cell in grid.cells {
      let outcome = try CompareOutcome(fields(.cell(cell)))
      guard outcome.failure != nil || outcome.measurements.count == job.evaluations.count else {
        throw fields(.cell(cell)).failure("it has \(outcome.measurements.count) texts", at: "texts")
      }
      guard outcome.failure != nil || outcome.answers.count == job.tasks.count else {
        throw fields(.cell(cell)).failure("it has \(outcome.answers.count) tasks", at: "tasks")
      }
      outcomes[cell] = outcome
      if let failure = outcome.failure {
        failures.append((grid.words(of: .cell(cell)).joined(separator: ", "), failure))
      }
    }
    self.dense = dense
    self.outcomes = outcomes
    self.failures = failures
    titles = grid.titles
    rows = grid.rows.indices.map(grid.words(ofRow:))
    seeds = job.seeds
    var columns: [Column] = []
    for model in job.models.indices {
      for (subject, measure) in Self.subjects(job, dense[model]) {
        guard let figure = dense[model].figure(measure, of: subject) else { continue }
        for target in job.targets.indices {
          columns.append(
            Column(
              model: grid.name(ofModel: model), text: job.name(of: subject), measure: measure,
              target: grid.name(ofTarget: target), pattern: job.targets[target], dense: figure.value,
              modelIndex: model, subject: subject, targetIndex: target))
        }
      }
    }
    self.columns = columns
    let byColumn = columns.map { Self.entries(grid, $0, outcomes) }
    entries = grid.rows.indices.map { row in byColumn.map { $0[row] } }
    cost = Self.cost(grid, results)
  }

  /// What there is to tell of a model: its texts, its tasks, and all tasks together where there are several.
  private static func subjects(
    _ job: CompareJob, _ dense: CompareDense
  ) -> [(subject: CompareSubject, measure: CompareMeasure)] {
    let tasks = job.tasks.indices.map { CompareSubject.task($0) } + (job.tasks.count > 1 ? [.allTasks] : [])
    return job.evaluations.indices.map { (.text($0), .perplexity) }
      + tasks.flatMap { [($0, .accuracy), ($0, .accuracyByBytes)] }
  }

  /// The numbers in a column by which models are tested, over the seeds: of a row, and of the model as it is; empty where a cell failed.
  ///
  /// Of a text, they are the mean losses of its windows.
  package func samples(row: Int, column index: Int) -> (pruned: [Double], dense: [Double]) {
    let column = columns[index]
    let lists = (0..<seeds).map { seed in
      let cell = CompareCell(row: row, model: column.modelIndex, target: column.targetIndex, seed: seed)
      return outcomes[cell]?.figure(in: column)?.samples ?? []
    }
    return (Self.mean(of: lists), dense[column.modelIndex].figure(column.measure, of: column.subject)?.samples ?? [])
  }

  /// The means of lists of one length, place by place; empty where their lengths differ.
  private static func mean(of lists: [[Double]]) -> [Double] {
    guard let first = lists.first, lists.allSatisfy({ $0.count == first.count }) else { return [] }
    return first.indices.map { index in lists.reduce(0) { $0 + $1[index] } / Double(lists.count) }
  }

  /// What all rows came to in a column.
  private static func entries(
    _ grid: CompareGrid, _ column: Column, _ outcomes: [CompareCell: CompareOutcome]
  ) -> [Entry?] {
    /// The figures of a row, one a seed; nil where it has no cell in the column.
    func figures(_ row: Int) -> [CompareFigure?]? {
      let found = (0..<grid.job.seeds).map { seed in
        outcomes[CompareCell(row: row, model: column.modelIndex, target: column.targetIndex, seed: seed)]
      }
      guard found.allSatisfy({ $0 != nil }) else { return nil }
      return found.map { $0?.figure(in: column) }
    }
    /// The mean of each window or item over the seeds; empty where a cell failed.
    func samples(_ row: Int) -> [Double] { mean(of: (figures(row) ?? []).map { $0?.samples ?? [] }) }
    var entries = grid.rows.indices.map { row -> Entry? in
      guard let found = figures(row) else { return nil }
      var entry = Entry()
      entry.figures = found.map { $0?.value ?? .nan }
      entry.mean = entry.figures.mean
      entry.deviation = entry.figures.variance?.squareRoot()
      return entry
    }
    /// Less is better.
    let ranks = entries.map { entry -> Double in
      guard let mean = entry?.mean, mean.isFinite else { return .infinity }
      return column.measure.isLowerBetter ? mean : -mean
    }
    let best = ranks.indices.min { ranks[$0] < ranks[$1] }
    for row in grid.rows.indices where entries[row] != nil {
      let base = grid.rows.indices.first {
        grid.rows[$0].rule == .uniform && grid.rows[$0].isSameMethod(as: grid.rows[row])
      }
      if let base, base != row, let mean = entries[row]?.mean, let other = entries[base]?.mean {
        entries[row]?.change = column.measure == .perplexity ? mean / other - 1 : mean - other
        entries[row]?.changeTest = PairedTest(samples(row), samples(base))
      }
      guard let best, ranks[best].isFinite else { continue }
      if ranks[row] == ranks[best] {
        entries[row]?.isBest = true
      } else {
        entries[row]?.bestTest = PairedTest(samples(row), samples(best))
      }
    }
    return entries
  }

  private static func cost(_ grid: CompareGrid, _ results: [CompareTask: CompareTaskFile.Content]) -> Cost {
    var cost = Cost()
    /// The time of a part, by its name and what tells it from others of the name.
    var parts: [DensePart: [(cell: CompareCell, seconds: Double)]] = [:]
    // In their order, so that the sums are the same to the last digit.
    for task in grid.tasks {
      guard let content = results[task] else { continue }
      switch task {
      case .dense(let model):
        cost.shared += content.seconds
        // Every cell would measure the dense model, too.
        let cells = grid.cells.count { $0.model == model }
        cost.saved += content.seconds * Double(max(cells - 1, 0))
      case .part(let part, let cell):
        cost.shared += content.seconds
        parts[part, default: []].append((cell, content.seconds))
      case .cell: cost.cells += content.seconds
      }
    }
    for part in DensePart.allCases {
      guard let measured = parts[part] else { continue }
      for index in grid.job.models.indices {
        let times = measured.filter { $0.cell.model == index }.map(\.seconds)
        guard !times.isEmpty else { continue }
        let users = grid.cells.count { $0.model == index && grid.parts(of: $0).contains(part) }
        // Parts of one kind take about the same time.
        cost.saved += times.mean * Double(max(users - times.count, 0))
      }
    }
    return cost
  }
}

extension CompareDense {
  func figure(_ measure: CompareMeasure, of subject: CompareSubject) -> CompareFigure? {
    CompareFigure(measure, of: subject, texts: measurements, answers: answers)
  }
}

extension CompareOutcome {
  func figure(in column: Comparison.Column) -> CompareFigure? {
    CompareFigure(column.measure, of: column.subject, texts: measurements, answers: answers)
  }
}

extension CompareJob {
  /// The name of a text's or a task's file, or its whole path where two have one name.
  fileprivate func name(of subject: CompareSubject) -> String {
    switch subject {
    case .text(let index): Path.names(of: evaluations.map { $0.path ?? "" })[index]
    case .task(let index): Path.names(of: tasks)[index]
    case .allTasks: "the mean of \(tasks.count) tasks"
    }
  }
}
