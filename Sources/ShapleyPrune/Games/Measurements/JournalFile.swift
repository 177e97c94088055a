import Support
import Synchronization

/// A file that grows line by line and outlives the process.
final class JournalFile: Sendable {
  private let file: File
  private let lastSynchronized = Mutex(ContinuousClock.now)

  /// The time after which the next line is followed by a synchronisation, from which on it survives a power cut.
  private static let synchronizationInterval = Duration.seconds(2)

  /// Opens a file, or begins one with its first line; what is torn at its end is removed.
  ///
  /// Throws `FileError`, also where another run has it open, and what `parse` throws.
  ///
  /// - Parameter parse: what a text holds, and the length of its whole part.
  static func open<Contents>(
    _ path: String, header: [UInt8], parse: (_ text: [UInt8]) throws -> (contents: Contents, length: Int)
  ) throws -> (file: JournalFile, contents: Contents) {
    let file = try File(path, .appending)
    let bytes = try file.contents()
    let (contents, length) = try parse(bytes)
    if length < bytes.count { try file.truncate(to: length) }
    if length == 0 { try file.append(header) }
    return (JournalFile(file), contents)
  }

  private init(_ file: File) { self.file = file }

  /// The file's path.
  var path: String { file.path }

  /// Appends a line.
  func append(_ line: [UInt8]) throws {
    try file.append(line)
    let isDue = lastSynchronized.withLock { ContinuousClock.now - $0 >= Self.synchronizationInterval }
    if isDue { try synchronize() }
  }

  /// Returns when the disk holds everything that has been appended.
  func synchronize() throws {
    lastSynchronized.withLock { $0 = .now }
    try file.synchronize()
  }
}
