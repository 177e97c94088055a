import Support
import Tensor

/// Why a model directory or the tokens for it cannot be used.
public enum ModelError: Error, Equatable, Sendable {
  /// A file cannot be read or written, or `config.json`, a weight or the tokens are not what they must be.
  case document(DocumentError)
  /// The weights cannot be read or written.
  case checkpoint(CheckpointError)

  package init(_ error: FileError) { self = .document(DocumentError(error)) }

  /// A weight is NaN or infinite.
  package static func nonFiniteWeight(file: String, tensor: String, index: Int) -> ModelError {
    let reason = "element \(index) is NaN or infinite; the file is damaged or the model was never finite"
    return .document(DocumentError(file, field: "tensor '\(tensor)'", reason: reason))
  }

  /// A file of token ids, or a text's ids, cannot be used with this model.
  package static func tokens(source: String, reason: String) -> ModelError {
    .document(DocumentError(source, reason: reason))
  }
}

extension ModelError: Diagnostic {
  private var cause: any Diagnostic {
    switch self {
    case .document(let error): error
    case .checkpoint(let error): error
    }
  }

  package var failureKind: FailureKind { cause.failureKind }
  /// One line: file, field, and what to do where that can be said.
  public var description: String { cause.description }
}
