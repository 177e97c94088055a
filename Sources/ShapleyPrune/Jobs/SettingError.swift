import Support

/// A setting of a job that cannot be carried out.
public struct SettingError: Error, Equatable, Sendable {
  /// The settings that a job can find wrong.
  public enum Setting: String, Sendable {
    /// Tokens of a window and of a sample.
    case sequenceLength
    /// Calibration samples.
    case samples
    /// The limit on memory.
    case memory
    /// The target.
    case sparsity
    /// The standard error to reach.
    case tolerance
    /// Pieces of a plan.
    case shards
    /// The method of pruning.
    case method
    /// What the weights that remain are to give.
    case targets
    /// What an error in an output counts.
    case weighting
    /// What is pruned at a time.
    case sequential
    /// The calibration text.
    case calibration
    /// How the sparsity is shared.
    case allocation
    /// Generations of a search.
    case generations
    /// How far sparsities lie apart.
    case spread
    /// A part of the model.
    case player
    /// Models to compare.
    case models
    /// Texts to measure on.
    case data
    /// Methods to compare.
    case methods
    /// Allocations to compare.
    case allocations
    /// Targets to compare.
    case sparsities
    /// Groups of weights to compare.
    case patterns
    /// Seeds to draw samples with.
    case seeds
    /// Where measurements are kept.
    case journal
    /// Where results go.
    case output
    /// Tokens of the beginning of a text.
    case promptTokens
    /// Tokens that are generated.
    case tokens
    /// Runs that are timed.
    case rounds
    /// Texts to continue at a time.
    case batch
    /// A file of questions.
    case task
    /// Questions of a task.
    case items
    /// Windows of a text that is measured.
    case windows
    /// Windows that values are taken on.
    case valueWindows
    /// How values are estimated.
    case estimator
    /// Who plays for values.
    case players
    /// How far tokens that are drawn may be from the most probable ones.
    case temperature
    /// The probability that drawn tokens come to.
    case topP
    /// The least probability of a drawn token.
    case minP
    /// What tokens that a text has pay for it.
    case repetitionPenalty
  }

  /// Which setting it is.
  public let setting: Setting
  /// Its value, as it would be written; nil where it has none.
  public let value: String?
  /// What is wrong with it.
  public let reason: String

  init(_ setting: Setting, _ value: String? = nil, _ reason: String) {
    self.setting = setting
    self.value = value
    self.reason = reason
  }
}

extension SettingError {
  /// Throws for a number that is given and less than one.
  static func demandOne(_ value: Int?, _ setting: Setting) throws(SettingError) {
    if let value, value < 1 { throw SettingError(setting, "\(value)", "there must be one at least") }
  }

  /// Throws for a number outside of a range, and for NaN.
  static func demand(_ value: Double, in range: ClosedRange<Double>, _ setting: Setting) throws(SettingError) {
    if !range.contains(value) {
      throw SettingError(setting, "\(value)", "it must be between \(range.lowerBound) and \(range.upperBound)")
    }
  }
}

extension Configurable {
  /// Throws where a setting has a value that no file could give it.
  func checkSettings(_ setting: SettingError.Setting) throws(SettingError) {
    do throws(DocumentError) { try checkSettingRanges() } catch {
      throw SettingError(setting, nil, error.description)
    }
  }
}

extension GameSettings {
  /// Throws where a setting has a value that it cannot have, or two do not go together.
  func check() throws(SettingError) {
    try estimator.checkSettings(.estimator)
    try probe?.pruner.checkSettings(.method)
    if granularity == .linears, probe == nil {
      throw SettingError(.players, granularity.rawValue, "a linear cannot be bypassed; absent ones must be pruned")
    }
  }
}

extension SettingError: Diagnostic {
  package var failureKind: FailureKind { .invalidSetting }

  /// The setting, its value, and what is wrong with it.
  public var description: String { "\(setting.rawValue)\(value.map { " \($0)" } ?? ""): \(reason)" }
}
