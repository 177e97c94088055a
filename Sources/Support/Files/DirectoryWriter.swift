/// Writes a folder so that it is there complete or not at all, whenever the process ends.
///
/// Everything goes into a temporary folder beside the target; `commit` brings it to the disk and renames it to the
/// target. A writer that is dropped without a commit removes what it wrote; the next writer to the target removes what
/// a killed one left.
package final class DirectoryWriter {
  package let target: String
  package let temporary: String
  /// The files that were created, in order.
  package private(set) var names: [String] = []
  private let lock: FileLock?
  private let replacing: Bool
  private var isOpen = true

  /// Whether a folder can be written at `target`, told before any work: the parent exists and is writable, the target
  /// is free or `replacing` is set.
  ///
  /// What dead processes left beside the target is removed first, so that it takes no room.
  package static func check(_ target: String, replacing: Bool) throws(FileError) {
    // A slash at the end would make the system look for a folder where the target may be a file.
    let target = Path.join(Path.parent(of: target), Path.name(of: target))
    TemporarySibling.clear(for: target)
    let parent = Path.parent(of: target)
    guard let status = try? FileSystem.status(parent), status.kind == .directory else {
      throw FileError.cannotCreate(target, "the folder \(parent) does not exist")
    }
    guard FileSystem.isWritable(parent) else {
      throw FileError.cannotCreate(target, "the folder \(parent) is not writable")
    }
    guard let existing = try? FileSystem.status(target, followingLinks: false) else { return }
    guard existing.kind == .directory else {
      throw FileError.cannotCreate(target, "something that is not a folder is there")
    }
    guard replacing else { throw FileError.exists(target) }
  }

  package init(target: String, replacing: Bool) throws(FileError) {
    try Self.check(target, replacing: replacing)
    self.target = target
    self.replacing = replacing
    (temporary, lock) = try TemporarySibling.make(for: target) { (path) throws(FileError) in
      try FileSystem.makeDirectory(path)
      return path
    }
  }

  /// Makes the temporary folder and removes it again: what the system would refuse later, it refuses now.
  package static func rehearse(_ target: String, replacing: Bool) throws(FileError) {
    _ = try DirectoryWriter(target: target, replacing: replacing)
  }

  deinit { discard() }

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

  /// Copies a file into the folder, in pieces; `progress` is told the bytes of each.
  package func copy(_ source: String, progress: (Int) -> Void = { _ in }) throws(FileError) {
    let original = try File(source)
    let file = try create(Path.name(of: source))
    try original.forEachPiece(of: 0..<original.status().size) { (piece) throws(FileError) in
      try file.append(piece, progress: progress)
    }
    try file.synchronize()
  }

  /// Puts the folder in its place.
  ///
  /// An existing target changes places with it in one step and is removed last. Where the system cannot do that, the
  /// target is moved aside first; where the process ends before the new one is in place, the next writer puts the
  /// target back.
  ///
  /// - Returns: what is left of the old target, of which something could not be removed; nil where nothing is.
  @discardableResult
  package func commit() throws(FileError) -> String? {
    let parent = Path.parent(of: target)
    try FileSystem.synchronizeDirectory(temporary)
    guard replacing, FileSystem.exists(target) else {
      try FileSystem.rename(temporary, to: target)
      isOpen = false
      try FileSystem.synchronizeDirectory(parent)
      return nil
    }
    // The lock keeps the old folder from being removed under its hidden name before the new one is safe.
    let oldLock = FileLock.take(target)
    defer { withExtendedLifetime(oldLock) {} }
    if try FileSystem.exchange(temporary, target) {
      // From here on the temporary name is that of the old folder.
      isOpen = false
      return try Self.remove(temporary, behind: parent)
    }
    let aside = try TemporarySibling.makeAside(for: target)
    do throws(FileError) { try FileSystem.rename(target, to: aside) } catch {
      FileSystem.removeTree(aside)
      throw error
    }
    do throws(FileError) { try FileSystem.rename(temporary, to: target) } catch {
      try? FileSystem.rename(aside, to: target)
      throw error
    }
    isOpen = false
    return try Self.remove(aside, behind: parent)
  }

  /// Removes the old folder once the new one's place is on the disk, and returns its path where something of it stays.
  private static func remove(_ path: String, behind parent: String) throws(FileError) -> String? {
    do throws(FileError) { try FileSystem.synchronizeDirectory(parent) } catch {
      FileSystem.removeTree(path)
      throw error
    }
    FileSystem.removeTree(path)
    return FileSystem.isListed(path) ? path : nil
  }

  private func discard() {
    if isOpen { FileSystem.removeTree(temporary) }
    isOpen = false
  }
}
