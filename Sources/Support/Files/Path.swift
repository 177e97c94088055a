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

  /// What tells some paths apart: the last component of each, or the path where two have the same.
  package static func names(of paths: [String]) -> [String] {
    let names = paths.map(name)
    return zip(names, paths).map { name, path in names.count { $0 == name } == 1 ? name : path }
  }

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

  /// Whether a path is a folder or lies in it; both resolved.
  package static func isWithin(_ path: String, _ folder: String) -> Bool {
    // Byte by byte: two names that are equal under Unicode normalisation are two names.
    let (inner, outer) = (path.utf8.split(separator: separator), folder.utf8.split(separator: separator))
    return inner.count >= outer.count && zip(inner, outer).allSatisfy { $0.elementsEqual($1) }
  }

  private static func components(_ path: String) -> [String] {
    path.utf8.split(separator: separator).map { String(decoding: $0, as: UTF8.self) }
  }
}
