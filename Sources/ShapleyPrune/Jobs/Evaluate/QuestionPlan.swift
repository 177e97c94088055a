import Tensor
import Transformer

/// How the questions of some tasks pass a model, within what memory there is.
struct QuestionPlan: Sendable {
  /// Tokens that pass the model at a time, where the next item does not take more.
  let pass: Int
  /// What the run holds in memory.
  let budget: MemoryBudget
  private let tasks: [PreparedTask]

  /// A plan for tasks, and for other work with the same model.
  ///
  /// Throws `SettingError` where the limit, in bytes, cannot be kept.
  ///
  /// - Parameters:
  ///   - fixed: how many tokens pass at a time, and what else a limit decides, where that was decided before.
  ///   - use: what the model is loaded for; nil where all of its linears have their zeros.
  ///   - length: tokens of the longest sequence of the other work; nil where there is none. Questions pass a model whole.
  ///   - storesStates: whether that may store the states of calibration samples in fewer bytes, as the last resort.
  ///   - reserve: the share of what is predicted that is added to it.
  ///   - others: the phases of the other work.
  init(
    _ tasks: [PreparedTask], of model: ModelSource, for use: ProductUse? = nil, limit: Int?, length: Int? = nil,
    storesStates: Bool = false, reserve: Double = 0, fixed: (pass: Int, choice: MemoryChoice)? = nil,
    others: (MemoryForecast) -> [Footprint] = { _ in [] }
  ) throws(SettingError) {
    let usual = PreparedTask.usualPass
    let passes = tasks.isEmpty ? [usual] : [usual, usual / 2, usual / 4, 1]
    (pass, budget) = try MemoryBudget.first(
      of: fixed.map { [$0.pass] } ?? passes, model, for: { _ in use }, limit: limit,
      length: length ?? Self.largestPass(of: 1, tasks), storesStates: storesStates, reserve: reserve,
      choice: fixed?.choice
    ) { pass, forecast in
      others(forecast) + (tasks.isEmpty ? [] : [forecast.scoring(tokens: Self.largestPass(of: pass, tasks))])
    }
    self.tasks = tasks
  }

  private static func largestPass(of tokens: Int, _ tasks: [PreparedTask]) -> Int {
    tasks.reduce(1) { max($0, $1.largestPass(of: tokens)) }
  }

  /// Says what the run will hold, and what the limit changed.
  func announce(_ events: any JobEvents) {
    budget.announce(events)
    guard pass < PreparedTask.usualPass else { return }
    let (found, usual) = (Self.largestPass(of: pass, tasks), Self.largestPass(of: PreparedTask.usualPass, tasks))
    events.note("memory: passes of about \(found) tokens instead of \(usual)")
  }
}
