import Support
import Transformer

/// Where a command writes, and the checks that come before it computes anything.
package enum OutputOptions {
  package static let force = Option.flag("force", help: "Replace an output that exists.")

  /// Refuses a directory that could not be written, and one whose replacement would remove the model itself.
  package static func checkDirectory(_ output: String, model: String, replacing: Bool) throws {
    // What cannot be resolved does not exist, so it is in nobody's way.
    if let target = try? FileSystem.resolve(output), let source = try? FileSystem.resolve(model),
      source == target || source.hasPrefix(target == "/" ? target : target + "/")
    {
      let reason = "it is the model's own directory, or holds it"
      throw FileError(output, "replace", reason: reason, exitStatus: .cannotCreate)
    }
    try DirectoryWriter.check(output, replacing: replacing)
  }

  /// Refuses a directory on a disk without room for the model.
  package static func checkSpace(_ output: String, for model: ModelDirectory) throws {
    let needed = model.checkpoint.byteCount
    let free = try FileSystem.freeBytes(at: Path.parent(of: output))
    guard free < needed else { return }
    let reason = "the model needs \(Quantity.bytes(needed)), and \(Quantity.bytes(free)) are free"
    throw FileError(output, "create", reason: reason, exitStatus: .cannotCreate)
  }

  /// Refuses a file that could not be written.
  package static func checkFile(_ output: String, replacing: Bool) throws(FileError) {
    func refusal(_ reason: String) -> FileError {
      FileError(output, "create", reason: reason, exitStatus: .cannotCreate)
    }
    let parent = Path.parent(of: output)
    guard let folder = try? FileSystem.status(parent), folder.kind == .directory else {
      throw refusal("the folder \(parent) does not exist")
    }
    guard FileSystem.isWritable(parent) else { throw refusal("the folder \(parent) is not writable") }
    guard let existing = try? FileSystem.status(output, followingLinks: false) else { return }
    guard existing.kind == .file else { throw refusal("something that is not a file is there") }
    guard replacing else { throw refusal("it exists; --force replaces it") }
  }
}
