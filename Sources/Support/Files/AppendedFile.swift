/// A file that grows record by record, locked against a second writer; closed when the last reference goes.
package final class AppendedFile: Sendable {
  package let path: String
  private let descriptor: Int32

  /// Opens a file, or creates it where there is none.
  ///
  /// Throws where another process writes it, where nobody could tell because the file system has no locks, and where it is no
  /// regular file.
  package init(_ path: String) throws(FileError) {
    self.path = path
    descriptor = try FileSystem.openAppending(path)
    guard try FileSystem.status(of: descriptor, path: path).kind == .file else {
      throw FileError(path, "open", reason: "it is not a regular file", failureKind: .noInput)
    }
    switch FileSystem.lock(descriptor) {
    case true?: break
    case false?: throw FileError.isLocked(path)
    case nil:
      // Two that write would take each other's halves of lines for torn ones.
      if try contents().isEmpty { try? FileSystem.removeFile(path) }
      throw FileError.hasNoLocks(path)
    }
  }

  deinit { FileSystem.closeLock(descriptor) }

  /// Everything that is in the file.
  package func contents() throws(FileError) -> [UInt8] {
    let size = try FileSystem.status(of: descriptor, path: path).size
    var bytes = [UInt8](repeating: 0, count: size)
    var filled = 0
    var failure: FileError?
    bytes.withUnsafeMutableBytes { buffer in
      do throws(FileError) {
        while filled < size {
          let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
          let count = try FileSystem.read(descriptor, into: rest, at: filled, path: path)
          if count == 0 { break }
          filled += count
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return Array(bytes[..<filled])
  }

  /// Drops everything from `size` on.
  package func truncate(to size: Int) throws(FileError) {
    try FileSystem.truncate(descriptor, to: size, path: path)
  }

  /// Hands bytes to the system, which keeps them whatever becomes of the process.
  package func append(_ bytes: [UInt8]) throws(FileError) {
    var failure: FileError?
    bytes.withUnsafeBytes { buffer in
      do throws(FileError) { try FileSystem.write(descriptor, buffer, path: path) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// Returns when the bytes are on the disk.
  package func synchronize() throws(FileError) { try FileSystem.synchronize(descriptor, path: path) }
}

extension FileError {
  static func hasNoLocks(_ path: String) -> FileError {
    FileError(
      path, "lock", reason: "this file system has no locks; name a file on another one", failureKind: .cannotCreate)
  }

  /// Whether a file cannot grow safely where it is.
  package var isForLackOfLocks: Bool { operation == "lock" }

  static func isLocked(_ path: String) -> FileError {
    FileError(
      path, "write", reason: "another run is writing it; wait for that one, or end it", failureKind: .interrupted)
  }
}
