/// An exclusive lock on a file or folder: held until the last reference goes, or the process ends.
package final class FileLock: Sendable {
  /// What came of asking for a lock.
  package enum Outcome: Sendable {
    case taken(FileLock)
    /// Another process, or another reference, has it.
    case held
    /// The path names nothing any more.
    case gone
    /// The file system has no locks.
    case unsupported
  }

  private let descriptor: Int32

  private init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit { FileSystem.closeLock(descriptor) }

  /// Asks for the lock on what the path names, without waiting.
  package static func take(_ path: String) -> Outcome {
    guard let descriptor = FileSystem.openLock(path) else { return FileSystem.exists(path) ? .unsupported : .gone }
    let lock = FileLock(descriptor)
    guard let isTaken = FileSystem.lock(descriptor) else { return .unsupported }
    guard isTaken else { return .held }
    // Between opening and locking, its owner may have removed it.
    guard let held = try? FileSystem.status(of: descriptor, path: path),
      let named = try? FileSystem.status(path, followingLinks: false), held.isSameFile(as: named)
    else { return .gone }
    return .taken(lock)
  }
}
