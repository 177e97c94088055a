/// A change to the file system.
///
/// Every one goes through `FileSystem.perform`, where tests let the k-th operation of a save fail or end the process.
package enum FileOperation: Sendable {
  case makeDirectory, create, write, synchronize, close, rename, exchange, removeFile, removeDirectory
  case synchronizeDirectory

  /// Sees every operation of a task before it is done.
  ///
  /// A type of its own, because Swift 6.3 crashes on a task-local value that is an optional function.
  package struct Interceptor: Sendable {
    /// Returns 0, or the number of the error with which the operation fails in place of being done.
    let intercept: @Sendable (FileOperation, _ path: String) -> Int32

    package init(_ intercept: @escaping @Sendable (FileOperation, _ path: String) -> Int32) {
      self.intercept = intercept
    }
  }

  /// The current task's; nil outside of tests.
  @TaskLocal package static var interceptor: Interceptor?

  /// What the interceptor says of an operation.
  static func intercepted(_ operation: FileOperation, _ path: String) -> Int32 {
    interceptor?.intercept(operation, path) ?? 0
  }

  /// The operation in an error's words, "cannot …".
  var verb: String {
    switch self {
    case .makeDirectory, .create: "create"
    case .write: "write"
    case .synchronize, .synchronizeDirectory: "synchronize"
    case .close: "close"
    case .rename, .exchange: "rename to"
    case .removeFile, .removeDirectory: "remove"
    }
  }
}
