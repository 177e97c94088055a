/// What kind of failure an error tells of.
public enum FailureKind: String, Sendable {
  /// What was asked for cannot be done, whatever the files hold.
  case invalidSetting
  /// A file, or what is derived from it, is not what it must be.
  case badData
  /// There is no such input.
  case noInput
  /// The output cannot be created.
  case cannotCreate
  /// Reading or writing failed.
  case inputOutput
  /// The work was asked to stop, or waits for other work; it can go on later.
  case interrupted

  /// The kind of an error of this package's libraries; nil for any other error.
  public init?(_ error: any Error) {
    guard let error = error as? any Diagnostic else { return nil }
    self = error.failureKind
  }
}

/// An error whose description is one line for the user: file, field, offset, remedy.
package protocol Diagnostic: Error, Sendable, CustomStringConvertible {
  var failureKind: FailureKind { get }
}
