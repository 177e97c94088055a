import Support
import Transformer

/// The name of an output, held while a job works: a second job into it ends at once instead of losing its work at the
/// end.
///
/// The lock is on a hidden file beside the output, which goes when the job ends. A killed process leaves the file
/// without a lock, and the next job takes it. Where the file system has no locks, there is none.
private final class OutputName: Sendable {
  private let lockFile: String
  private let lock: FileLock?

  init(_ output: String) throws(FileError) {
    let name = Path.name(of: output)
    lockFile = Path.join(Path.parent(of: output), ".\(name).svnup-lock")
    while true {
      try FileSystem.createLockFile(lockFile)
      switch FileLock.take(lockFile) {
      case .taken(let lock):
        self.lock = lock
        return
      case .held:
        throw FileError.isLocked(output)
      case .unsupported:
        lock = nil
        return
      // Another run removed it as it ended.
      case .gone: continue
      }
    }
  }

  deinit {
    // Removed while it is locked, so that it cannot be another run's.
    withExtendedLifetime(lock) { try? FileSystem.removeFile(lockFile) }
  }
}

/// A folder that a job will write: checked, and its name taken, before anything is computed.
package final class OutputFolder: Sendable {
  package let path: String
  /// Whether a folder that exists is replaced.
  package let isReplaced: Bool
  private let name: OutputName

  /// Refuses a folder that could not be written, one that holds an input, and the replacement of anything but a model.
  ///
  /// - Parameter inputs: paths that the job reads, the model's first.
  package init(_ path: String, inputs: [String], replacing: Bool) throws {
    self.path = path
    isReplaced = replacing
    func refusal(_ reason: String) -> FileError {
      FileError(path, "create", reason: reason, failureKind: .cannotCreate)
    }
    guard ![".", ".."].contains(Path.name(of: path)) else { throw refusal("it must have a name of its own") }
    guard path != "-" else { throw refusal(OutputFile.reasonForNoDash) }
    // What cannot be resolved does not exist, so it is in nobody's way.
    let target = try? FileSystem.resolve(path)
    for input in inputs {
      guard let target, let source = try? FileSystem.resolve(input) else { continue }
      if Path.isWithin(source, target) {
        let isSame = Path.isWithin(target, source)
        throw refusal(
          input == inputs.first
            ? "it is the model's own directory, or holds it" : "it \(isSame ? "is" : "holds") \(input), which is read")
      }
    }
    try DirectoryWriter.check(path, replacing: replacing)
    if target != nil, let objection = try ReplacedFolder.objection(to: path) { throw refusal(objection) }
    name = try OutputName(path)
    // The same name that will be needed in the end: what the system refuses, it refuses now.
    try DirectoryWriter.rehearse(path, replacing: replacing)
  }

  /// Puts what was written in its place, and tells what is left of a folder that it replaces.
  func commit(_ folder: DirectoryWriter, _ events: any JobEvents) throws(FileError) {
    if let rest = try folder.commit() {
      events.note("\(rest): this is what was in \(path), and could not be removed; remove it yourself")
    }
  }

  /// Refuses a disk without room for the model, or for so many bytes where it will take more than now.
  package func checkSpace(for model: ModelDirectory, bytes: Int = 0) throws {
    let needed = max(try model.byteCount(), bytes)
    let free = try FileSystem.freeBytes(at: Path.parent(of: path))
    guard free < needed else { return }
    let reason = "the model needs \(Quantity.bytes(needed)), and \(Quantity.bytes(free)) are free"
    throw FileError(path, "create", reason: reason, failureKind: .cannotCreate)
  }
}

/// A file that a job will write: checked, and its name taken, before anything is computed.
package final class OutputFile: Sendable {
  package let path: String
  private let name: OutputName

  /// Why nothing is written to what other programs take for standard output.
  static let reasonForNoDash = "results are on standard output anyway; a file of this name is ./-"

  /// Refuses a file that could not be written, one that is an input, and one that a model beside it has or would read.
  package init(_ path: String, inputs: [String], replacing: Bool) throws(FileError) {
    self.path = path
    func refusal(_ reason: String) -> FileError {
      FileError(path, "create", reason: reason, failureKind: .cannotCreate)
    }
    guard path.utf8.last != UInt8(ascii: "/") else { throw refusal("a file's name cannot end in a slash") }
    guard path != "-" else { throw refusal(Self.reasonForNoDash) }
    if let target = try? FileSystem.resolve(path) {
      for input in inputs {
        guard let source = try? FileSystem.resolve(input), source.utf8.elementsEqual(target.utf8) else { continue }
        throw refusal("it is one of the inputs")
      }
    }
    // A folder of texts is read whole, the next time with this file.
    for input in inputs where !FileSystem.isListed(Path.join(input, "config.json")) {
      if let source = try? FileSystem.resolve(input), Path.isWithin(FileSystem.place(path), source) {
        throw refusal("it lies in \(input), which is read")
      }
    }
    let parent = Path.parent(of: path)
    guard let folder = try? FileSystem.status(parent), folder.kind == .directory else {
      throw refusal("the folder \(parent) does not exist")
    }
    guard FileSystem.isWritable(parent) else { throw refusal("the folder \(parent) is not writable") }
    let existing = try? FileSystem.status(path, followingLinks: false)
    if let existing, existing.kind != .file { throw refusal("something that is not a file is there") }
    let isOfModel = existing != nil || FileSystem.isListed(Path.join(parent, "config.json"))
    guard !isOfModel || !ModelDirectory.isModelFile(Path.name(of: path)) else {
      throw refusal("it is a file of a model; choose another name")
    }
    guard existing == nil || replacing else { throw FileError.exists(path) }
    name = try OutputName(path)
    try File.rehearse(path)
  }

  /// Writes a document, complete or not at all.
  package func write(_ document: JSON) throws(FileError) {
    try write(document.document)
  }

  /// Writes a text, complete or not at all.
  package func write(_ text: String) throws(FileError) {
    try File.replace(path, with: Array(text.utf8))
  }
}
