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

  package var failureKind: FailureKind { .invalidSetting }

  /// The problem and where to read on, in one line.
  package var description: String {
    let help = command.map { "svnup help \($0)" } ?? "svnup help"
    return "\(message) (see '\(help)')"
  }
}
