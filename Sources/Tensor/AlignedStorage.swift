/// Bytes on a 64-byte boundary (a cache line, and the widest vector), freed with the last reference.
///
/// The type itself does not guard against writing while somebody reads: its owners write only while they hold the one
/// reference, which is what makes it safe to share between threads.
package final class AlignedStorage: @unchecked Sendable {
  package static let alignment = 64

  package let pointer: UnsafeMutableRawPointer
  package let byteCount: Int

  /// Uninitialised memory.
  package init(byteCount: Int) {
    self.byteCount = byteCount
    pointer = .allocate(byteCount: max(byteCount, 1), alignment: Self.alignment)
  }

  deinit { pointer.deallocate() }

  package var bytes: UnsafeMutableRawBufferPointer { .init(start: pointer, count: byteCount) }
}
