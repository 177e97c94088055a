import Support

/// Something a command was given to read does not have the form that it needs: exit status 65.
package struct InputError: Diagnostic, Equatable {
  package let source: String
  package let reason: String

  package init(source: String, reason: String) {
    self.source = source
    self.reason = reason
  }

  package var failureKind: FailureKind { .badData }
  package var description: String { "\(source): \(reason)" }
}
