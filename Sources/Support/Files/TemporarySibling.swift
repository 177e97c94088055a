/// What is being written beside its target, under a hidden name, until it is complete.
///
/// The writing process holds a lock on it, which the system releases when the process ends. What is not locked was
/// therefore left by a dead process, on this machine or another, and may be removed.
enum TemporarySibling {
  /// Makes something under a new hidden name beside `target`, and locks it; the lock is nil where the file system has
  /// none.
  ///
  /// The number of the process does not suffice for a name: threads share it, and in a container it comes back after a
  /// kill.
  static func make<Made>(
    for target: String, _ make: (String) throws(FileError) -> Made
  ) throws(FileError) -> (made: Made, lock: FileLock?) {
    try withFreeName(prefix(target)) { (path) throws(FileError) in
      let made = try make(path)
      switch FileLock.take(path) {
      case .taken(let lock): return (made, lock)
      case .unsupported: return (made, nil)
      // Another process found it before it was locked, took it for abandoned and removes it.
      case .held, .gone: return nil
      }
    }
  }

  /// A new, empty folder beside `target` whose place an earlier state of it may take.
  static func makeAside(for target: String) throws(FileError) -> String {
    try withFreeName(asidePrefix(target)) { (path) throws(FileError) in
      try FileSystem.makeDirectory(path)
      return path
    }
  }

  /// Removes what dead processes left beside `target`, and puts a target back that one of them had put aside.
  static func clear(for target: String) {
    for (path, lock) in abandoned(asidePrefix(target)) {
      withExtendedLifetime(lock) {
        if FileSystem.exists(target) || (try? FileSystem.list(path))?.isEmpty == true {
          FileSystem.removeTree(path)
        } else {
          try? FileSystem.rename(path, to: target)
        }
      }
    }
    for (path, lock) in abandoned(prefix(target)) { withExtendedLifetime(lock) { FileSystem.removeTree(path) } }
  }

  /// What `body` returns for the first name that is not in use; nil from `body` asks for another name.
  private static func withFreeName<Made>(
    _ prefix: String, _ body: (String) throws(FileError) -> Made?
  ) throws(FileError) -> Made {
    let name = "\(prefix)\(FileSystem.processIdentifier)"
    var attempt = 0
    while true {
      do throws(FileError) {
        if let made = try body(attempt == 0 ? name : "\(name)-\(attempt)") { return made }
      } catch {
        guard error.isNameTaken, attempt < 10_000 else { throw error }
      }
      attempt += 1
    }
  }

  /// Everything whose name is the prefix and numbers, and which is not locked.
  private static func abandoned(_ prefix: String) -> [(path: String, lock: FileLock)] {
    let (parent, start) = (Path.parent(of: prefix), Path.name(of: prefix))
    return ((try? FileSystem.list(parent)) ?? []).compactMap { name in
      let path = Path.join(parent, name)
      guard name.hasPrefix(start), name.dropFirst(start.count).allSatisfy({ "0123456789-".contains($0) }),
        case .taken(let lock) = FileLock.take(path)
      else { return nil }
      return (path, lock)
    }
  }

  private static func prefix(_ target: String) -> String {
    Path.join(Path.parent(of: target), ".\(Path.name(of: target)).svnup-")
  }

  private static func asidePrefix(_ target: String) -> String { prefix(target) + "old-" }
}
