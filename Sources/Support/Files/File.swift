/// An open regular file; closed when the last reference goes.
package final class File: Sendable {
  package enum Mode: Sendable {
    case reading, creating
    /// Opened, or created where there is none, and locked against a second writer.
    case appending
  }

  /// The most bytes that are read, or written, at a time where a file is worked through from one end to the other.
  package static let pieceSize = 4 << 20

  package let path: String
  private let mode: Mode
  private let descriptor: Int32

  /// Opens a regular file.
  ///
  /// A FIFO, device or directory is refused, so a read can neither block nor be endless. A file to append to is refused
  /// where another process has it, and where the file system has no locks.
  package init(_ path: String, _ mode: Mode = .reading) throws(FileError) {
    self.path = path
    self.mode = mode
    switch mode {
    case .reading: descriptor = try FileSystem.openDescriptor(path)
    case .creating: descriptor = try FileSystem.createDescriptor(path)
    case .appending: descriptor = try FileSystem.openAppending(path)
    }
    let kind = try status().kind
    guard kind == .file else {
      let found = kind == .directory ? "a directory" : "not a regular file"
      throw FileError(path, "open", reason: "it is \(found)", failureKind: .noInput)
    }
    guard mode == .appending else { return }
    let isLocked = FileSystem.lock(descriptor)
    if isLocked == true { return }
    if isLocked == false { throw FileError.isLocked(path) }
    // Without a lock, each of two writers would take the other's halves of lines for torn ones.
    if try status().size == 0 { try? FileSystem.removeFile(path) }
    throw FileError.hasNoLocks(path)
  }

  deinit {
    switch mode {
    case .reading: FileSystem.closeDescriptor(descriptor)
    case .creating: FileSystem.closeCreated(descriptor, path: path)
    case .appending: FileSystem.closeLock(descriptor)
    }
  }

  package func status() throws(FileError) -> FileSystem.Status { try FileSystem.status(of: descriptor, path: path) }

  /// Fills the buffer from `offset`; a file that ends before is an error.
  package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) {
    var filled = 0
    while filled < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
      let count = try FileSystem.read(descriptor, into: rest, at: offset + filled, path: path)
      guard count > 0 else {
        let end = min(try status().size, offset + filled)
        throw FileError(
          path, "read", reason: "the file ends at byte \(end), \(offset - end + buffer.count) bytes early",
          failureKind: .badData)
      }
      filled += count
    }
  }

  /// `count` bytes from `offset`; a file that ends before is an error.
  package func read(count: Int, at offset: Int) throws(FileError) -> [UInt8] {
    var failure: FileError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(FileError) {
        try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
        initialized = count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Everything that is in the file.
  package func contents() throws(FileError) -> [UInt8] { try read(count: status().size, at: 0) }

  /// Calls `body` with consecutive pieces of a range of the file; a file that ends before is an error.
  package func forEachPiece(
    of range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(FileError) -> Void
  ) throws(FileError) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: min(range.count, Self.pieceSize), alignment: MemoryLayout<UInt64>.alignment)
    defer { buffer.deallocate() }
    var offset = range.lowerBound
    while offset < range.upperBound {
      let piece = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(range.upperBound - offset))
      try read(into: piece, at: offset)
      try body(UnsafeRawBufferPointer(piece))
      offset += piece.count
    }
  }

  /// Writes the bytes at the end of the file; `progress` is told how many of them each step has written.
  package func append(_ bytes: UnsafeRawBufferPointer, progress: (Int) -> Void = { _ in }) throws(FileError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.pieceSize))
      try FileSystem.write(descriptor, piece, path: path)
      progress(piece.count)
      rest = rest.dropFirst(piece.count)
    }
  }

  package func append(_ bytes: [UInt8]) throws(FileError) {
    try bytes.withElements { (buffer) throws(FileError) in try append(UnsafeRawBufferPointer(buffer)) }
  }

  /// Drops everything from `size` on.
  package func truncate(to size: Int) throws(FileError) { try FileSystem.truncate(descriptor, to: size, path: path) }

  /// Returns when the bytes are on the disk.
  package func synchronize() throws(FileError) { try FileSystem.synchronize(descriptor, path: path) }

  /// The whole file.
  ///
  /// A larger one than `limit` bytes is refused before anything is allocated.
  package static func contents(of path: String, limit: Int = 1 << 31) throws(FileError) -> [UInt8] {
    let file = try File(path)
    let size = try file.status().size
    guard size <= limit else {
      throw FileError(
        path, "read", reason: "it has \(size) bytes; at most \(limit) are accepted here", failureKind: .badData)
    }
    return try file.contents()
  }

  /// Makes and removes the temporary file of `replace`, so that what the system would refuse later is refused now.
  package static func rehearse(_ path: String) throws(FileError) {
    let (file, lock) = try makeTemporary(for: path)
    try withExtendedLifetime(lock) { () throws(FileError) in try FileSystem.removeFile(file.path) }
  }

  /// Creates or replaces a file so that a reader sees the old contents or the new, never a part, whenever the process
  /// ends.
  package static func replace(_ path: String, with bytes: [UInt8]) throws(FileError) {
    // The name under which it is written first says nothing to anybody.
    try replace(path, failure: { $0.about(path) }) { (file) throws(FileError) in
      do throws(FileError) {
        try file.append(bytes)
        try file.synchronize()
      } catch { throw error.about(path) }
    }
  }

  /// The same, with what `fill` writes and synchronizes; `failure` is what an error of the file system becomes.
  package static func replace<Failure: Error>(
    _ path: String, failure: (FileError) -> Failure, _ fill: (File) throws(Failure) -> Void
  ) throws(Failure) {
    let (file, lock): (File, FileLock?)
    do throws(FileError) { (file, lock) = try makeTemporary(for: path) } catch { throw failure(error) }
    defer { withExtendedLifetime(lock) {} }
    do throws(Failure) {
      try fill(file)
      do throws(FileError) { try FileSystem.rename(file.path, to: path) } catch { throw failure(error) }
    } catch {
      try? FileSystem.removeFile(file.path)
      throw error
    }
    do throws(FileError) { try FileSystem.synchronizeDirectory(Path.parent(of: path)) } catch { throw failure(error) }
  }

  private static func makeTemporary(for path: String) throws(FileError) -> (File, FileLock?) {
    TemporarySibling.clear(for: path)
    return try TemporarySibling.make(for: path) { (name) throws(FileError) in try File(name, .creating) }
  }
}
