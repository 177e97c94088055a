import Support

/// How the command ends; the numbers are those of BSD's `sysexits.h`.
package enum ExitStatus: Int32, Sendable {
  case done = 0
  case usage = 64
  case badData = 65
  case noInput = 66
  case cannotCreate = 73
  case inputOutput = 74
  case interrupted = 75

  /// The status that a failure leads to.
  package init(_ kind: FailureKind) {
    switch kind {
    case .invalidSetting: self = .usage
    case .badData: self = .badData
    case .noInput: self = .noInput
    case .cannotCreate: self = .cannotCreate
    case .inputOutput: self = .inputOutput
    case .interrupted: self = .interrupted
    }
  }
}
