import Support
import Tensor

/// How many weights of a linear become zero, and among which others.
///
///     let patterns: [SparsityPattern] = [.unstructured(0.7), .structured(keep: 2, of: 4)]
public enum SparsityPattern: Sendable, Equatable {
  /// A fraction of them, anywhere: from 0, which leaves every bit as it is, to 1.
  case unstructured(Double)
  /// All but `keep` of every `of` consecutive inputs of an output: 2:4 keeps two of four.
  case structured(keep: Int, of: Int)

  /// The fraction of zeros that is asked for.
  public var sparsity: Double {
    switch self {
    case .unstructured(let sparsity): sparsity
    case .structured(let keep, let of): 1 - Double(keep) / Double(of)
    }
  }

  /// Throws `PruningError` unless a weight can have this pattern: what a method of one's own asks first.
  ///
  /// - Parameters:
  ///   - columns: the weight's inputs.
  ///   - name: the linear, for the message.
  public func check(columns: Int, name: String) throws(PruningError) {
    switch self {
    case .unstructured(let sparsity):
      guard sparsity >= 0, sparsity <= 1 else { throw .sparsityOutOfRange(sparsity) }
    case .structured(let keep, let of):
      guard keep > 0, of > keep else { throw .malformedPattern(keep: keep, of: of) }
      guard columns % of == 0 else { throw .patternDoesNotFit(linear: name, columns: columns, keep: keep, of: of) }
    }
  }
}

/// How many weights an unstructured pattern makes zero.
package enum CountingRule: Sendable {
  /// floor(count · sparsity) of them, also where some are equally important.
  case exact
  /// As the authors of SparseGPT and of magnitude pruning in Wanda's code: all whose score is at most the one at that
  /// position of the sorted scores, which is one more, and more still where scores are equal. For comparisons with
  /// their figures.
  case published
}

/// Why a model cannot be pruned as asked.
public enum PruningError: Error, Equatable, Sendable {
  /// A sparsity outside 0...1.
  case sparsityOutOfRange(Double)
  /// N:M with N < 1 or N >= M.
  case malformedPattern(keep: Int, of: Int)
  /// N:M where the inputs of a linear are not whole groups of M.
  case patternDoesNotFit(linear: String, columns: Int, keep: Int, of: Int)
  /// N:M groups that would lie across SparseGPT's blocks of columns.
  case blockSizeDoesNotFit(blockSize: Int, of: Int)
  /// A block size of SparseGPT below 1.
  case blockSizeOutOfRange(Int)
  /// An allocation for another number of blocks.
  case wrongBlockCount(expected: Int, found: Int)
  /// Statistics of another number of inputs than a weight has.
  case wrongInputCount(linear: String, expected: Int, found: Int)
  /// Statistics without the sums that a method needs.
  case missingSums(linear: String, needed: StatisticsKind)
  /// A setting of a method that no file could give it.
  case setting(method: String, reason: String)
  /// All inputs of a linear were zero for the whole calibration text.
  case noInputs(linear: String)
  /// The calibration inputs of a linear are not finite.
  case nonFiniteInputs(linear: String)
  /// A Hessian without a Cholesky factor even with the largest dampening that was tried.
  case notPositiveDefinite(linear: String, dampening: Double)
  /// A weight that pruning updated and that its type cannot hold.
  case weightOutOfRange(linear: String, index: Int, type: ElementType)
  /// A gradient of the loss at the outputs of a linear is NaN or infinite.
  case sensitivityNotFinite(linear: String)
  /// A text that is too short to draw samples from.
  case textTooShort(tokens: Int, needed: Int)
  /// What else a method finds, such as one of a program's own.
  case other(linear: String, reason: String)
}

extension PruningError: Diagnostic {
  package var failureKind: FailureKind {
    switch self {
    case .sparsityOutOfRange, .malformedPattern, .blockSizeDoesNotFit, .blockSizeOutOfRange, .setting: .invalidSetting
    default: .badData
    }
  }

  /// One line: the linear or option, what is wrong, and what to do where that can be said.
  public var description: String {
    switch self {
    case .sparsityOutOfRange(let sparsity): "sparsity \(sparsity): it must be between 0 and 1"
    case .other(let linear, let reason): "\(linear): \(reason)"
    case .malformedPattern(let keep, let of): "pattern \(keep):\(of): N of N:M must be at least 1 and less than M"
    case .patternDoesNotFit(let linear, let columns, let keep, let of):
      "\(linear): its \(columns) inputs are not whole groups of \(of), so the pattern \(keep):\(of) does not fit"
    case .blockSizeDoesNotFit(let size, let of): "block size \(size): it must be a multiple of the pattern's \(of)"
    case .blockSizeOutOfRange(let size): "block size \(size): it must be at least 1"
    case .wrongBlockCount(let expected, let found): "the allocation is for \(found) blocks; the model has \(expected)"
    case .wrongInputCount(let linear, let expected, let found):
      "\(linear): it has \(expected) inputs; the statistics are of \(found)"
    case .missingSums(let linear, let needed):
      "\(linear): the statistics have no \(needed == .gram ? "products of all pairs" : "squares") of its inputs, which the method needs"
    case .setting(let method, let reason): "\(method): \(reason)"
    case .noInputs(let linear): "\(linear): all of its inputs are zero on the calibration text"
    case .nonFiniteInputs(let linear): "\(linear): its inputs on the calibration text are not finite"
    case .notPositiveDefinite(let linear, let dampening):
      "\(linear): its Hessian is not positive definite even with dampening \(dampening); use more calibration samples"
    case .sensitivityNotFinite(let linear): "\(linear): gradients at its outputs are not finite on the calibration text"
    case .weightOutOfRange(let linear, let index, let type):
      "\(linear): element \(index) is too large for \(type.rawValue) after its update; use more dampening"
    case .textTooShort(let tokens, let needed):
      "the calibration text has \(tokens) tokens; a sample needs \(needed): use a longer text or a shorter sequence length"
    }
  }
}

extension SparsityPattern {
  /// The longest group of N:M.
  package static let groupLimit = 64

  /// `2:4` for a structured pattern; nil for an unstructured one.
  package var groups: String? {
    if case .structured(let keep, let of) = self { "\(keep):\(of)" } else { nil }
  }

  /// Reads `groups`; nil unless it is N:M with 0 < N < M <= 64.
  package init?(groups text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let keep = Int(parts[0]), let of = Int(parts[1]), keep > 0, keep < of,
      of <= Self.groupLimit
    else { return nil }
    self = .structured(keep: keep, of: of)
  }
}
