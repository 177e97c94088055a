import Support
import Transformer

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
  init(_ grid: CompareGrid, model index: Int, _ inputs: CompareInputs) throws {
    let prunings = grid.cells.filter { $0.model == index }.map(grid.pruning)
    let plan = try inputs.plan(of: index, nil, besides: prunings, SilentEvents())
    (pass, choice) = (plan.pass, plan.budget.choice)
  }

  static let fields: [RecordField<CompareMemory>] = [
    RecordField("pass", \.pass, .integer(in: 1...1 << 24)),
    RecordField("stripRows", \.choice.stripRows, .integer(in: 1...1 << 24)),
    RecordField("calibrationStates", \.choice.calibrationStates, .word),
  ]
}
