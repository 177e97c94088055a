import Support
import Tensor
import Transformer

/// A comparison at work on this machine.
final class CompareRun {
  let grid: CompareGrid
  private let plan: ComparePlan
  private let events: OnceEvents
  /// Models whose files were found to be those of the plan.
  private var checked: Set<Int>
  /// Models and methods whose memory was told.
  private var announced: Set<[String]> = []
  /// The model that was read last, for what is measured on it as it is.
  private var loaded: (index: Int, model: any CausalLM)?
  private let inputs: CompareInputs
  /// How texts and tasks are measured on a model.
  private var measuring: (index: Int, plan: QuestionPlan)?

  /// What was done about a task.
  struct Done {
    let content: CompareTaskFile.Content
    let isNew: Bool
  }

  init(_ plan: ComparePlan, checked: Set<Int>, events: any JobEvents, stop: StopToken) throws {
    self.plan = plan
    self.checked = checked
    self.events = OnceEvents(events)
    grid = plan.grid(stop: stop)
    inputs = CompareInputs(grid.job)
  }

  /// The result of a task: from its file, or computed and written.
  func carryOut(_ task: CompareTask) throws -> Done {
    let file = plan.file(of: task, grid)
    do throws(DocumentError) {
      if let content = try file.read() { return Done(content: content, isNew: false) }
    } catch {
      events.note("\(error.description): it is made anew")
    }
    try checkFiles(task.model)
    // Parts are files of their own, so their time is not the cell's.
    var measured = DenseMeasurements()
    var (values, failure): (ShapleyRecord?, String?)
    if case .cell(let cell) = task {
      for part in grid.parts(of: cell) {
        let path = plan.file(of: .part(part, of: cell), grid).path
        let content = try carryOut(.part(part, of: cell)).content
        failure = content.result[Self.failureKey]?.text
        if failure != nil { break }
        values = try measured.take(part, FieldReader(content.result, source: path)) ?? values
      }
    }
    let start = ContinuousClock.now
    let labelled = LabelledEvents(events, prefix: grid.words(of: task).joined(separator: ", ") + ": ")
    let result: JSON
    switch task {
    case .dense(let index): result = try measureDense(index, labelled).json
    case .part(let part, let cell):
      do { result = try measure(part, cell, into: file, labelled) } catch {
        let reason = try Self.reason(error)
        events.note("\(grid.words(of: task).joined(separator: ", ")): \(reason)")
        result = [Self.failureKey: JSON(reason)]
      }
    case .cell(let cell):
      let outcome = try failure.map(CompareOutcome.init(failure:)) ?? prune(cell, measured, values, labelled)
      if let failure = outcome.failure {
        events.note("\(grid.words(of: task).joined(separator: ", ")): \(failure)")
      }
      result = outcome.json
    }
    let content = CompareTaskFile.Content(result: result, seconds: (ContinuousClock.now - start).seconds)
    try file.write(content)
    try? FileSystem.removeFile(file.journal)
    return Done(content: content, isNew: true)
  }

  /// The member of a part's result that says why there is none.
  private static let failureKey = "failure"

  /// Why a model cannot be pruned as asked, which the other cells have nothing to do with; throws any other error.
  private static func reason(_ error: any Error) throws -> String {
    switch error {
    case let error as PruningError: error.description
    case let error as AllocationError: error.description
    case let error as GameError: error.description
    default: throw error
    }
  }

  /// Throws where this machine has another program, kernel or files than the plan was made with.
  private func checkFiles(_ model: Int) throws {
    guard checked.insert(model).inserted else { return }
    let found = try CompareIdentity.found(grid.job, model: model, events: events)
    try RunIdentity(json: plan.identity.models[model]).check(RunIdentity(json: found), source: plan.path)
  }

  private func model(_ index: Int, _ events: any JobEvents) throws -> any CausalLM {
    if let loaded, loaded.index == index { return loaded.model }
    loaded = nil
    let model = try grid.job.models[index].load(events: events)
    loaded = (index, model)
    return model
  }

  /// How texts and tasks are measured within the limit; told once for each model.
  private func measurementPlan(_ index: Int, _ events: any JobEvents) throws -> QuestionPlan {
    if let measuring, measuring.index == index { return measuring.plan }
    // The weights of a model that is there would be counted twice.
    loaded = nil
    let plan = try inputs.plan(of: index, plan.identity.memory[index], events)
    if announced.insert([grid.name(ofModel: index)]).inserted { plan.announce(events) }
    measuring = (index, plan)
    return plan
  }

  private func measure(
    _ model: any CausalLM, _ index: Int, by plan: QuestionPlan, _ events: any JobEvents
  ) throws -> (perplexities: [CompareMeasurement], answers: [CompareAnswers]) {
    let perplexities = try inputs.texts(of: index, events).map { windows, told in
      let perplexity = events.during("perplexity", unit: "windows") {
        model.perplexity(windows, memory: plan.budget.memory, progress: $0)
      }
      return CompareMeasurement(perplexity, told)
    }
    let answers = try inputs.tasks(of: index, events).map {
      CompareAnswers($0.ask(model, pass: plan.pass, events: events))
    }
    return (perplexities, answers)
  }

  private func measureDense(_ index: Int, _ events: any JobEvents) throws -> CompareDense {
    // Whatever is wrong with a text or a task, and what memory it takes, is told before the weights are read.
    let plan = try measurementPlan(index, events)
    let model = try model(index, events)
    var result = CompareDense()
    (result.measurements, result.answers) = try measure(model, index, by: plan, events)
    return result
  }

  /// The pruning of a cell, within the limit as the plan says.
  private func pruning(_ cell: CompareCell) -> PruneJob {
    var pruning = grid.pruning(cell)
    pruning.memoryChoice = plan.identity.memory[cell.model]?.choice
    return pruning
  }

  /// Measures what several cells need, on the dense model.
  private func measure(
    _ part: DensePart, _ cell: CompareCell, into file: CompareTaskFile, _ events: any JobEvents
  ) throws -> JSON {
    var pruning = pruning(cell)
    pruning.events = events
    let run = try PruneRun(pruning)
    let model = try model(cell.model, events)
    switch part {
    case .outlierRatios: return ["blocks": JSON(try run.ratios(of: model))]
    case .medianScores: return ["blocks": JSON(try run.medians(of: model))]
    case .hillExponents: return ["blocks": JSON(try run.exponents(of: model, tail: AlphaPruning.usualTail))]
    case .sensitivity: return try run.sensitivity(of: model).json
    case .values:
      guard let game = run.game else { return .null }
      let header = JournalContents.Header(
        identity: file.identity.sha256, players: game.settings.playerCount(grid.job.models[cell.model].directory),
        windows: game.windows.sequences)
      return try game.play(model, measurements: JobJournal.ofTask(file.journal, header, events: events)).record.json
    }
  }

  /// Prunes a copy of the model with what was measured before, and measures what came of it.
  private func prune(
    _ cell: CompareCell, _ measured: DenseMeasurements, _ values: ShapleyRecord?, _ events: any JobEvents
  ) throws -> CompareOutcome {
    // What cannot be measured is told before anything is pruned.
    let plan = try measurementPlan(cell.model, events)
    // Two models in memory would be one too many.
    loaded = nil
    var pruning = pruning(cell)
    pruning.measured = measured
    pruning.events = events
    pruning.tellsMemory = announced.insert([grid.name(ofModel: cell.model), pruning.pruner.name]).inserted
    if let values, case .shapley(_, let spread, let map) = pruning.allocation {
      pruning.allocation = .shapley(.values(values), spread: spread, map: map)
    }
    var outcome = CompareOutcome()
    do {
      let result = try pruning.run()
      outcome.pruning = result.record
      (outcome.measurements, outcome.answers) = try measure(result.model, cell.model, by: plan, events)
    } catch { return CompareOutcome(failure: try Self.reason(error)) }
    return outcome
  }
}

extension CompareTask {
  /// The model that it is about.
  var model: Int {
    switch self {
    case .dense(let model): model
    case .part(_, let cell), .cell(let cell): cell.model
    }
  }
}
