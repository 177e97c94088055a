import Support

/// A folder for the files of one target.
package final class ScratchFolder: Sendable {
  package let path: String

  package init(_ path: String) { self.path = path }

  func path(_ name: String) -> String { Path.join(path, name) }

  /// A folder inside this one.
  func subfolder(_ name: String) throws -> ScratchFolder {
    let folder = ScratchFolder(path(name))
    if !FileSystem.exists(folder.path) { try FileSystem.makeDirectory(folder.path) }
    return folder
  }

  /// Writes a file anew and returns its path.
  ///
  /// Nothing waits for the disk, as `File.replace` would.
  @discardableResult
  func write(_ bytes: [UInt8], to name: String) throws -> String {
    let path = path(name)
    if FileSystem.exists(path) { try FileSystem.removeFile(path) }
    try File(path, .creating).append(bytes)
    return path
  }
}
