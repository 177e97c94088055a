import Support
import Transformer

/// The texts and tasks of a comparison in the tokens of one of its models, read when they are asked for; those of one model at a time.
final class CompareInputs {
  private let job: CompareJob
  private var texts: (index: Int, texts: [(windows: TokenBatch, told: TextProtocol)])?
  private var tasks: (index: Int, tasks: [PreparedTask])?

  init(_ job: CompareJob) { self.job = job }

  /// The texts to measure on.
  func texts(
    of index: Int, _ events: any JobEvents
  ) throws -> [(windows: TokenBatch, told: TextProtocol)] {
    if let texts, texts.index == index { return texts.texts }
    let read = try job.evaluations.map { corpus in
      let tokens = try corpus.tokens(for: job.models[index], .measuring, events: events)
      let windows = try tokens.windows(length: job.sequenceLength).first(job.evaluationWindows)
      events.note(corpus, has: windows, of: job.evaluationWindows, "windows", rows: tokens.rowCount)
      return (windows: windows, told: tokens.told)
    }
    texts = (index, read)
    return read
  }

  /// The tasks to ask.
  func tasks(of index: Int, _ events: any JobEvents) throws -> [PreparedTask] {
    if let tasks, tasks.index == index { return tasks.tasks }
    let prepared =
      job.tasks.isEmpty
      ? [] : try PreparedTask.prepare(job.tasks, items: job.items, for: job.models[index], events: events)
    tasks = (index, prepared)
    return prepared
  }

  /// How texts and tasks are measured within the limit.
  ///
  /// - Parameters:
  ///   - fixed: what was decided before; nil to decide.
  ///   - prunings: what else must keep within the limit.
  func plan(
    of index: Int, _ fixed: CompareMemory?, besides prunings: [PruneJob] = [], _ events: any JobEvents
  ) throws -> QuestionPlan {
    let windows = try texts(of: index, events).map(\.windows)
    let samples: BatchShape? =
      try prunings.isEmpty
      ? nil
      : BatchShape(
        job.calibration.tokens(for: job.models[index], .calibrating, events: events)
          .samples(count: job.samples, length: job.sequenceLength, seed: 0))
    return try QuestionPlan(
      tasks(of: index, events), of: job.models[index], limit: job.memoryLimit,
      length: (windows.map(\.length) + [samples?.length ?? 1]).max() ?? 1, storesStates: samples != nil,
      reserve: fixed == nil ? CompareMemory.reserve : 0,
      fixed: fixed.map { ($0.pass, $0.choice) }
    ) { forecast in
      windows.map { Perplexity.footprint(forecast, BatchShape($0)) }
        + prunings.flatMap { $0.footprint(forecast, samples: samples) }
    }
  }
}

/// How the work with one of a comparison's models keeps within the limit.
///
/// It shows in the results, so it is decided once, with the plan, by all that there is to do: neither what earlier tasks have left in memory
/// nor the machine changes it.
struct CompareMemory: Record, Equatable {
  /// Of what is predicted, the share that is added for what tasks leave to those behind them: blocks of memory, texts, tokens.
  static let reserve = 0.25

  /// Tokens that pass a model at a time, where the next item does not take more.
  var pass = PreparedTask.usualPass
  var choice = MemoryChoice()

  init() {}

  /// Decides for a model and its cells.
  ///
  /// Throws `SettingError` where the limit cannot be kept.
  init(_ grid: CompareGrid, model index: Int) throws {
    let prunings = grid.cells.filter { $0.model == index }.map(grid.pruning)
    let plan = try CompareInputs(grid.job).plan(of: index, nil, besides: prunings, SilentEvents())
    (pass, choice) = (plan.pass, plan.budget.choice)
  }

  static let fields: [RecordField<CompareMemory>] = [
    RecordField("pass", \.pass, .integer(in: 1...1 << 24)),
    RecordField("stripRows", \.choice.stripRows, .integer(in: 1...1 << 24)),
    RecordField("calibrationStates", \.choice.calibrationStates, .word),
  ]
}
