/// An exclusive lock on a file or folder: held until the last reference goes, or the process ends.
package final class FileLock: Sendable {
  /// What came of asking for a lock.
  package enum Outcome: Sendable {
    case taken(FileLock)
    /// Somebody else has it.
    case held
    /// The path does not lead there, or no longer.
    case gone
    /// The file system has no locks, or not for us.
    case unsupported
  }

  private let descriptor: Int32

  private init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit { FileSystem.closeLock(descriptor) }

  /// Asks for the lock on what the path names, without waiting.
  package static func take(_ path: String) -> Outcome {
    guard let descriptor = FileSystem.openLock(path) else {
      return FileSystem.exists(path) ? .unsupported : .gone
    }
    let lock = FileLock(descriptor)
    switch FileSystem.lock(descriptor) {
    case true?: break
    case false?: return .held
    case nil: return .unsupported
    }
    // Between opening and locking, its owner may have removed it.
    guard let held = try? FileSystem.status(of: descriptor, path: path),
      let named = try? FileSystem.status(path, followingLinks: false), held.isSameFile(as: named)
    else { return .gone }
    return .taken(lock)
  }
}
