/// A call to the file system that failed: which path, doing what, and why.
package struct FileError: Diagnostic, Equatable {
  package let path: String
  package let operation: String
  package let reason: String
  package let failureKind: FailureKind
  /// Whether something could not be created because its name is in use.
  let isNameTaken: Bool
  /// Whether the system cannot do such a thing at all.
  let isUnsupported: Bool

  /// An error number of the system.
  init(_ path: String, _ operation: String, _ code: Int32) {
    let creates = ["create", "rename to", "write", "remove"].contains(operation)
    self.init(
      path, operation, reason: FileSystem.message(code), failureKind: FileSystem.failureKind(code, creating: creates),
      isNameTaken: FileSystem.isNameTaken(code), isUnsupported: FileSystem.isUnsupported(code))
  }

  package init(_ path: String, _ operation: String, reason: String, failureKind: FailureKind) {
    self.init(path, operation, reason: reason, failureKind: failureKind, isNameTaken: false, isUnsupported: false)
  }

  private init(
    _ path: String, _ operation: String, reason: String, failureKind: FailureKind, isNameTaken: Bool,
    isUnsupported: Bool
  ) {
    self.path = path
    self.operation = operation
    self.reason = reason
    self.failureKind = failureKind
    self.isNameTaken = isNameTaken
    self.isUnsupported = isUnsupported
  }

  package var description: String { "\(path): cannot \(operation): \(reason)" }

  /// An output that is there already, where nobody said that it may be replaced.
  package static func exists(_ path: String) -> FileError {
    FileError(path, "create", reason: reasonOfExisting, failureKind: .cannotCreate)
  }

  /// Whether the output would be written if it might be replaced.
  package var isForExistingOutput: Bool { operation == "create" && reason == Self.reasonOfExisting }

  private static let reasonOfExisting = "it exists"
}

/// An open regular file; closed when the last reference goes.
package final class File: Sendable {
  package enum Mode: Sendable { case reading, creating }

  /// The most bytes that are read, or written, at a time where a file is worked through from one end to the other.
  package static let pieceSize = 4 << 20

  package let path: String
  private let mode: Mode
  private let descriptor: Int32

  /// Opens a regular file.
  ///
  /// A FIFO, device or directory is refused, so a read can neither block nor be endless.
  package init(_ path: String, _ mode: Mode = .reading) throws(FileError) {
    self.path = path
    self.mode = mode
    descriptor = mode == .reading ? try FileSystem.openDescriptor(path) : try FileSystem.createDescriptor(path)
    let kind = try status().kind
    guard kind == .file else {
      let found = kind == .directory ? "a directory" : "not a regular file"
      throw FileError(path, "open", reason: "it is \(found)", failureKind: .noInput)
    }
  }

  deinit {
    switch mode {
    case .reading: FileSystem.closeDescriptor(descriptor)
    case .creating: FileSystem.closeCreated(descriptor, path: path)
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
        try self.read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
        initialized = count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

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
    var failure: FileError?
    bytes.withUnsafeBytes { buffer in
      do throws(FileError) { try self.append(buffer) } catch { failure = error }
    }
    if let failure { throw failure }
  }

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
    return try file.read(count: size, at: 0)
  }

  /// Makes the temporary file that `replace` would make and removes it again: what the system would refuse later, it refuses
  /// now.
  package static func rehearse(_ path: String) throws(FileError) {
    let (file, lock) = try makeTemporary(for: path)
    try withExtendedLifetime(lock) { () throws(FileError) in try FileSystem.removeFile(file.path) }
  }

  /// Creates or replaces a file so that a reader sees the old contents or the new, never a part, whenever the process ends.
  package static func replace(_ path: String, with bytes: [UInt8]) throws(FileError) {
    let (file, lock) = try makeTemporary(for: path)
    defer { withExtendedLifetime(lock) {} }
    do throws(FileError) {
      try file.append(bytes)
      try file.synchronize()
      try FileSystem.rename(file.path, to: path)
    } catch {
      try? FileSystem.removeFile(file.path)
      throw error
    }
    try FileSystem.synchronizeDirectory(Path.parent(of: path))
  }

  private static func makeTemporary(for path: String) throws(FileError) -> (File, FileLock?) {
    TemporarySibling.clear(for: path)
    return try TemporarySibling.make(for: path) { (name) throws(FileError) in try File(name, .creating) }
  }
}

/// Paths as text: POSIX separators only.
///
/// A separator is a byte, as for the system: as a `Character` it would swallow a combining mark that begins a name.
package enum Path {
  private static let separator = UInt8(ascii: "/")

  package static func join(_ folder: String, _ name: String) -> String {
    folder.utf8.last == separator ? folder + name : "\(folder)/\(name)"
  }

  /// The last component, without trailing separators.
  package static func name(of path: String) -> String { components(path).last ?? path }

  /// Whether a name is that of a file in the folder it is looked up in, and in no other.
  package static func isPlainName(_ name: String) -> Bool {
    !name.isEmpty && name != "." && name != ".." && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 == 0 }
  }

  /// The folder that holds the path's last component; `.` for a bare name.
  package static func parent(of path: String) -> String {
    let parts = components(path)
    let root = path.utf8.first == separator ? "/" : ""
    if parts.count <= 1 { return root.isEmpty ? "." : root }
    return root + parts.dropLast().joined(separator: "/")
  }

  private static func components(_ path: String) -> [String] {
    path.utf8.split(separator: separator).map { String(decoding: $0, as: UTF8.self) }
  }
}
