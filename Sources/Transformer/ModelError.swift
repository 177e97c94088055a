import Support
import Tensor

/// Why a model directory or the tokens for it cannot be used.
public enum ModelError: Error, Equatable, Sendable {
  /// A file cannot be opened, read or written; `kind` is the kind of failure in one word, such as noInput.
  case file(path: String, reason: String, kind: String)
  /// A field of `config.json` is missing, has the wrong form, or does not fit the others.
  case configuration(file: String, field: String, reason: String)
  /// The configuration describes an architecture that is not implemented.
  case unsupportedArchitecture(file: String, found: String)
  /// A field of `config.json` asks for something that is not implemented; ignoring it would give wrong numbers.
  case unsupportedSetting(file: String, field: String, found: String, supported: String)
  /// The weights cannot be read.
  case checkpoint(CheckpointError)
  /// A weight is NaN or infinite.
  case nonFiniteWeight(file: String, tensor: String, index: Int)
  /// A tensor inside a part of the model that the configuration does not announce; ignoring it would give wrong numbers.
  case unexpectedTensor(file: String, tensor: String)
  /// A file of token ids, or a text's ids, cannot be used with this model.
  case tokens(source: String, reason: String)

  package init(_ error: FileError) {
    self = .file(
      path: error.path, reason: "cannot \(error.operation): \(error.reason)", kind: error.failureKind.rawValue)
  }
}

extension ModelError: Diagnostic {
  package var failureKind: FailureKind {
    switch self {
    case .file(_, _, let kind): FailureKind(rawValue: kind) ?? .inputOutput
    case .checkpoint(let error): error.failureKind
    default: .badData
    }
  }

  /// One line: file, field, and what to do where that can be said.
  public var description: String {
    switch self {
    case .file(let path, let reason, _): "\(path): \(reason)"
    case .configuration(let file, let field, let reason): "\(file): \(field): \(reason)"
    case .unsupportedArchitecture(let file, let found):
      "\(file): model_type: '\(found)' is not supported; supported are \(Self.architectures)"
    case .unsupportedSetting(let file, let field, let found, let supported):
      "\(file): \(field): \(found) is not supported; supported: \(supported)"
    case .checkpoint(let error): error.description
    case .nonFiniteWeight(let file, let tensor, let index):
      "\(file): tensor '\(tensor)': element \(index) is NaN or infinite; the file is damaged or the model was never finite"
    case .unexpectedTensor(let file, let tensor):
      "\(file): tensor '\(tensor)': config.json announces no such tensor, and a model without it computes something else; "
        + "is model_type right, or is an adapter or a quantised form to be merged first?"
    case .tokens(let source, let reason): "\(source): \(reason)"
    }
  }

  private static var architectures: String {
    let names = ModelDirectory.Architecture.allCases.map(\.rawValue)
    return "\(names.dropLast().joined(separator: ", ")) and \(names.last ?? "")"
  }
}
