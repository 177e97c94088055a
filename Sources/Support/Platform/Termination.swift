import Synchronization

/// A polite request to end: SIGTERM from a batch system, SIGINT from a keyboard.
package enum Termination {
  private static let requested = Atomic<Bool>(false)
  private static let deferred = Atomic<Bool>(false)

  private static let status = Atomic<Int32>(0)

  /// What is written when a request ends the process: an address and a length, since a handler of signals must not allocate.
  private static let message = Atomic<UInt>(0)
  private static let messageLength = Atomic<Int>(0)

  /// From now on such a request ends the process with `status`, after a line on standard error.
  package static func watch(endingWith status: Int32, saying text: String) {
    let bytes = Array(text.utf8)
    // Lives as long as the process.
    let copy = UnsafeMutableRawPointer.allocate(byteCount: max(bytes.count, 1), alignment: 1)
    bytes.withUnsafeBytes { if let base = $0.baseAddress { copy.copyMemory(from: base, byteCount: bytes.count) } }
    message.store(UInt(bitPattern: copy), ordering: .relaxed)
    messageLength.store(bytes.count, ordering: .relaxed)
    // Before the handlers run, so that they find the flags made.
    _ = (requested.load(ordering: .relaxed), deferred.load(ordering: .relaxed))
    self.status.store(status, ordering: .relaxed)
    System.watchTermination { number in
      guard Termination.deferred.load(ordering: .relaxed) else { Termination.end() }
      Termination.requested.store(true, ordering: .relaxed)
      // Who asks twice does not want to wait.
      System.restoreTermination(number)
    }
  }

  /// From now on such a request waits until this function is asked whether there was one.
  package static func isRequested() -> Bool {
    deferred.store(true, ordering: .relaxed)
    return requested.load(ordering: .relaxed)
  }

  /// From now on nobody asks any more: such a request ends the process again, one that waits at once.
  package static func endDeferring() {
    deferred.store(false, ordering: .relaxed)
    if requested.load(ordering: .relaxed) { end() }
  }

  private static func end() -> Never {
    let text = UnsafeRawPointer(bitPattern: message.load(ordering: .relaxed))
    let bytes = UnsafeRawBufferPointer(start: text, count: messageLength.load(ordering: .relaxed))
    _ = System.write(StandardStream.error.rawValue, bytes)
    System.exitAtOnce(status.load(ordering: .relaxed))
  }
}
