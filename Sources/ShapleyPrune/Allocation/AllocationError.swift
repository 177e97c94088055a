import Support
import Tensor

/// Why there is no allocation.
public enum AllocationError: Error, Equatable, Sendable {
  /// There is no player to give a sparsity to.
  case noPlayers
  /// So many of something, where each player has one.
  case countMismatch(String, Int, players: Int)
  /// A player without prunable parameters.
  case noParameters(player: Int)
  /// A sparsity that is not in [0, 1].
  case sparsityOutOfRange(player: Int, Double)
  /// No allocation within the bounds has this mean.
  case targetOutOfRange(Double, floor: Double, ceiling: Double)
  /// The bounds are not 0 <= floor <= ceiling <= 1.
  case bounds(floor: Double, ceiling: Double)
  /// The spread is not a number in [0, 1].
  case spread(Double)
  /// An importance that is NaN or infinite.
  case importanceNotFinite(player: Int, Double)
  /// The logarithm was asked for, and no importance has one.
  case nothingPositive
  /// The median of the scores is zero in every block.
  case noMedians
  /// A weight whose spectrum cannot be computed.
  case noEigenvalues(linear: String, EigenvalueError)
  /// A block no linear of which has a spectrum that a power law can be fitted to.
  case noExponent(block: Int)
}

extension AllocationError: Diagnostic {
  /// What is wrong and, where there is one, the remedy.
  public var description: String {
    switch self {
    case .noPlayers: "there is no player to allocate sparsity to"
    case .countMismatch(let what, let count, let players): "\(count) \(what) were given for \(players) players"
    case .noParameters(let player): "player \(player) has no parameters to prune"
    case .sparsityOutOfRange(let player, let sparsity):
      "the sparsity of player \(player) is \(sparsity); it must be between 0 and 1"
    case .targetOutOfRange(let target, let floor, let ceiling):
      "a mean sparsity of \(target) is not possible; it must be between \(floor) and \(ceiling)"
    case .bounds(let floor, let ceiling):
      "the bounds \(floor) and \(ceiling) of the sparsity are not ordered within 0 and 1"
    case .spread(let spread): "a spread of \(spread) is not possible; it must be between 0 and 1"
    case .importanceNotFinite(let player, let importance): "the importance of player \(player) is \(importance)"
    case .nothingPositive:
      "no player's importance is positive, so none has a logarithm; is the text one that the model knows? "
        + "The scalings 'linear' and 'rank' need none"
    case .noMedians:
      "the median score is zero in every block: half of the weights are zero already, so take another allocation"
    case .noEigenvalues(let linear, let error): "\(linear): \(error.description)"
    case .noExponent(let block):
      "block \(block): no linear has a spectrum that follows a power law, so take another allocation"
    }
  }

  package var failureKind: FailureKind {
    switch self {
    case .targetOutOfRange, .bounds, .spread: .invalidSetting
    case .noPlayers, .countMismatch, .noParameters, .sparsityOutOfRange, .importanceNotFinite, .nothingPositive,
      .noMedians, .noEigenvalues, .noExponent:
      .badData
    }
  }
}
