import Support
import Transformer

/// Where a command writes, and the checks that come before it computes anything.
package enum OutputOptions {
  package static let force = Option.flag("force", help: "Replace an output that exists.")

  /// Refuses a directory that could not be written, one that holds an input, and the replacement of anything but a model.
  package static func checkDirectory(_ output: String, inputs: [String], replacing: Bool) throws {
    func refusal(_ reason: String) -> FileError {
      FileError(output, "create", reason: reason, failureKind: .cannotCreate)
    }
    guard ![".", ".."].contains(Path.name(of: output)) else { throw refusal("it must have a name of its own") }
    // What cannot be resolved does not exist, so it is in nobody's way.
    let target = try? FileSystem.resolve(output)
    for input in inputs {
      guard let target, let source = try? FileSystem.resolve(input) else { continue }
      if source == target || source.hasPrefix(target == "/" ? target : target + "/") {
        throw refusal(input == inputs.first ? "it is the model's own directory, or holds it" : "it holds \(input)")
      }
    }
    try DirectoryWriter.check(output, replacing: replacing)
    if target != nil {
      let names = try FileSystem.list(output)
      guard names.isEmpty || names.contains("config.json") else {
        throw refusal("it exists and holds no model; remove it yourself, or choose another")
      }
    }
    // The same name that will be needed in the end: what the system refuses, it refuses now.
    try DirectoryWriter.rehearse(output, replacing: replacing)
  }

  /// Refuses a directory on a disk without room for the model.
  package static func checkSpace(_ output: String, for model: ModelDirectory) throws {
    let needed = try model.byteCount()
    let free = try FileSystem.freeBytes(at: Path.parent(of: output))
    guard free < needed else { return }
    let reason = "the model needs \(Quantity.bytes(needed)), and \(Quantity.bytes(free)) are free"
    throw FileError(output, "create", reason: reason, failureKind: .cannotCreate)
  }

  /// Refuses a file that could not be written.
  package static func checkFile(_ output: String, inputs: [String], replacing: Bool) throws(FileError) {
    func refusal(_ reason: String) -> FileError {
      FileError(output, "create", reason: reason, failureKind: .cannotCreate)
    }
    guard !output.hasSuffix("/") else { throw refusal("a file's name cannot end in a slash") }
    if let target = try? FileSystem.resolve(output), inputs.contains(where: { (try? FileSystem.resolve($0)) == target })
    {
      throw refusal("it is one of the inputs")
    }
    let parent = Path.parent(of: output)
    guard let folder = try? FileSystem.status(parent), folder.kind == .directory else {
      throw refusal("the folder \(parent) does not exist")
    }
    guard FileSystem.isWritable(parent) else { throw refusal("the folder \(parent) is not writable") }
    if let existing = try? FileSystem.status(output, followingLinks: false) {
      guard existing.kind == .file else { throw refusal("something that is not a file is there") }
      guard replacing else { throw refusal("it exists; --force replaces it") }
    }
    try File.rehearse(output)
  }
}
