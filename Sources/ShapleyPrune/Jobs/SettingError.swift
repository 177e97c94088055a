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

extension SettingError: Diagnostic {
  package var failureKind: FailureKind { .invalidSetting }

  /// The setting, its value, and what is wrong with it.
  public var description: String { "\(setting.rawValue)\(value.map { " \($0)" } ?? ""): \(reason)" }
}
