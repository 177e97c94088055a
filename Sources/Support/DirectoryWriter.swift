/// Writes a folder so that it is there complete or not at all.
///
/// Everything goes into a temporary folder beside the target; `commit` brings it to the disk and renames it. A writer that is
/// dropped without a commit removes what it wrote.
package final class DirectoryWriter {
  package let target: String
  package let temporary: String
  private let replacing: Bool
  private var names: [String] = []
  private var isOpen = true

  /// Whether a folder can be written at `target`, told before any work: the parent exists and is writable, the target is free
  /// or `replacing` is set.
  package static func check(_ target: String, replacing: Bool) throws(FileError) {
    // A slash at the end would make the system look for a folder where the target may be a file.
    let target = Path.join(Path.parent(of: target), Path.name(of: target))
    let parent = Path.parent(of: target)
    guard let status = try? FileSystem.status(parent), status.kind == .directory else {
      throw FileError(target, "create", reason: "the folder \(parent) does not exist", exitStatus: .cannotCreate)
    }
    guard FileSystem.isWritable(parent) else {
      throw FileError(target, "create", reason: "the folder \(parent) is not writable", exitStatus: .cannotCreate)
    }
    guard let existing = try? FileSystem.status(target, followingLinks: false) else { return }
    guard existing.kind == .directory else {
      throw FileError(target, "create", reason: "something that is not a folder is there", exitStatus: .cannotCreate)
    }
    guard replacing else {
      throw FileError(target, "create", reason: "it exists; --force replaces it", exitStatus: .cannotCreate)
    }
  }

  package init(target: String, replacing: Bool) throws(FileError) {
    try Self.check(target, replacing: replacing)
    self.target = target
    self.replacing = replacing
    let hidden = Path.join(Path.parent(of: target), ".\(Path.name(of: target))")
    temporary = try Self.makeTemporary(for: hidden)
  }

  /// Makes the temporary folder and removes it again: what the system would refuse later, it refuses now.
  package static func rehearse(_ target: String, replacing: Bool) throws(FileError) {
    _ = try DirectoryWriter(target: target, replacing: replacing)
  }

  deinit { if isOpen { Self.remove(temporary) } }

  /// Creates a file in the folder, to be filled and synchronized by the caller.
  package func create(_ name: String) throws(FileError) -> File {
    names.append(name)
    return try File(Path.join(temporary, name), .creating)
  }

  package func write(_ name: String, _ bytes: [UInt8]) throws(FileError) {
    let file = try create(name)
    try file.append(bytes)
    try file.synchronize()
  }

  /// Puts the folder in its place.
  ///
  /// An existing target is moved aside first and removed last, so that one of the two is always there.
  package func commit() throws(FileError) {
    let parent = Path.parent(of: target)
    try FileSystem.synchronizeDirectory(temporary)
    if replacing, FileSystem.exists(target) {
      // An empty folder may be renamed over, so this one reserves the name.
      let aside = try Self.makeTemporary(for: temporary + ".old")
      do throws(FileError) {
        try FileSystem.rename(target, to: aside)
      } catch {
        Self.remove(aside)
        throw error
      }
      do throws(FileError) {
        try FileSystem.rename(temporary, to: target)
      } catch {
        try? FileSystem.rename(aside, to: target)
        throw error
      }
      isOpen = false
      try FileSystem.synchronizeDirectory(parent)
      Self.remove(aside)
    } else {
      try FileSystem.rename(temporary, to: target)
      isOpen = false
      try FileSystem.synchronizeDirectory(parent)
    }
  }

  /// A new folder whose name begins with `path`.
  private static func makeTemporary(for path: String) throws(FileError) -> String {
    try TemporaryName.make(for: path) { (name) throws(FileError) in
      try FileSystem.makeDirectory(name)
      return name
    }
  }

  /// Removes a folder and the files in it; what cannot be removed stays.
  package static func remove(_ folder: String) {
    for name in (try? FileSystem.list(folder)) ?? [] {
      let path = Path.join(folder, name)
      if (try? FileSystem.status(path, followingLinks: false))?.kind == .directory {
        remove(path)
      } else {
        try? FileSystem.removeFile(path)
      }
    }
    try? FileSystem.removeDirectory(folder)
  }
}
