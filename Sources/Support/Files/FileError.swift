/// A call to the file system that failed: which path, doing what, and why.
package struct FileError: Diagnostic, Equatable {
  package let path: String
  package let operation: String
  package let reason: String
  package let failureKind: FailureKind
  /// The system's number of the error; 0 where it is not the system's.
  private let code: Int32

  package var description: String { "\(path): cannot \(operation): \(reason)" }

  /// The same of what is written under another name first.
  package func about(_ path: String) -> FileError {
    FileError(path: path, operation: operation, reason: reason, failureKind: failureKind, code: code)
  }

  /// Whether something could not be created because its name is in use.
  var isNameTaken: Bool { System.meaning(code) == .nameTaken }

  /// Whether the system cannot do such a thing at all.
  var isUnsupported: Bool { System.meaning(code) == .unsupported }
}

extension FileError {
  package init(_ path: String, _ operation: String, reason: String, failureKind: FailureKind) {
    self.init(path: path, operation: operation, reason: reason, failureKind: failureKind, code: 0)
  }

  /// An error number of the system.
  init(_ path: String, _ operation: String, _ code: Int32) {
    let creates = ["create", "rename to", "write", "remove"].contains(operation)
    self.init(
      path: path, operation: operation, reason: System.message(code),
      failureKind: FileSystem.failureKind(code, creating: creates), code: code)
  }

  /// An output that cannot be made.
  package static func cannotCreate(_ path: String, _ reason: String) -> FileError {
    FileError(path, "create", reason: reason, failureKind: .cannotCreate)
  }

  /// An output that is there already, where nothing allows its replacement.
  package static func exists(_ path: String) -> FileError { cannotCreate(path, reasonOfExisting) }

  /// Whether the output would be written if it might be replaced.
  package var isForExistingOutput: Bool { operation == "create" && reason == Self.reasonOfExisting }

  private static let reasonOfExisting = "it exists"

  package static func isLocked(_ path: String) -> FileError {
    FileError(
      path, "write", reason: "another run is writing it; wait for that one, or end it", failureKind: .interrupted)
  }

  static func hasNoLocks(_ path: String) -> FileError {
    FileError(
      path, "lock", reason: "this file system has no locks; name a file on another one", failureKind: .cannotCreate)
  }

  /// Whether a file cannot grow safely where it is.
  package var isForLackOfLocks: Bool { operation == "lock" }
}
