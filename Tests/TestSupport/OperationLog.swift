import Support
import Synchronization

/// Writes down the file operations of a body, and lets some of them fail.
package final class OperationLog: Sendable {
  private let entries = Mutex<[FileOperation]>([])
  private let fault: @Sendable (FileOperation, Int) -> Int32

  /// `fault` is told an operation and the number of those before it; what it returns, where that is not 0, is the number of the
  /// error that the operation fails with.
  package init(_ fault: @escaping @Sendable (_ operation: FileOperation, _ count: Int) -> Int32 = { _, _ in 0 }) {
    self.fault = fault
  }

  package var operations: [FileOperation] { entries.withLock { $0 } }

  package func record<R>(_ body: () throws -> R) rethrows -> R {
    let interceptor = FileOperation.Interceptor { [self] operation, _ in
      let count = entries.withLock { entries in
        entries.append(operation)
        return entries.count - 1
      }
      return fault(operation, count)
    }
    return try FileOperation.$interceptor.withValue(interceptor) { try body() }
  }

  /// The error that the body throws, or nil.
  package func error(_ body: () throws -> Void) -> (any Diagnostic)? {
    do {
      try record(body)
      return nil
    } catch {
      return error as? any Diagnostic
    }
  }
}
