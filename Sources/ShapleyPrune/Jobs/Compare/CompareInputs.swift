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

  /// The samples to calibrate on, with the first seed.
  private func samples(of index: Int, _ events: any JobEvents) throws -> TokenBatch {
    try job.calibration.tokens(for: job.models[index], .calibrating, events: events)
      .samples(count: job.samples, length: job.sequenceLength, seed: 0)
  }

  /// Reads all of it for every model.
  ///
  /// Throws where something cannot be read, or a setting does not suit a model, before anything is written or measured.
  ///
  /// - Parameter calibrates: whether a pruning looks at samples.
  func check(calibrates: Bool) throws {
    for index in job.models.indices {
      _ = try texts(of: index, SilentEvents())
      _ = try tasks(of: index, SilentEvents())
      if calibrates { _ = try samples(of: index, SilentEvents()) }
    }
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
    let samples = try prunings.isEmpty ? nil : BatchShape(samples(of: index, events))
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
