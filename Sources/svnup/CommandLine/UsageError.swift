import ShapleyPrune
import Support

/// A command line that cannot be carried out as it was typed: exit status 64.
package struct UsageError: Diagnostic, Equatable {
  package let message: String
  /// The command whose help has the answer; nil means the overview.
  package let command: String?

  package init(_ message: String, command: String? = nil) {
    self.message = message
    self.command = command
  }

  /// A setting of a job, by the option that gave it: `sequenceLength` is `--sequence-length`.
  init(_ error: SettingError, command: String) {
    let name = error.setting.rawValue.map { $0.isUppercase ? "-\($0.lowercased())" : String($0) }.joined()
    self.init("--\(name)\(error.value.map { " \($0)" } ?? ""): \(error.reason)", command: command)
  }

  package var failureKind: FailureKind { .invalidSetting }

  /// The problem and where to read on, in one line.
  package var description: String { "\(message) (see 'svnup help\(command.map { " \($0)" } ?? "")')" }
}
