/// The file system as the rest of the project sees it: absolute calls that either succeed or throw a `FileError`.
package enum FileSystem {
  /// What a path names.
  package enum Kind: Sendable { case file, directory, symbolicLink, other }

  /// Device, inode, size and modification time: enough to tell whether a file was replaced.
  package struct Status: Equatable, Sendable {
    package var kind: Kind
    package var size: Int
    package var device: UInt64
    package var inode: UInt64
    package var modifiedSeconds: Int
    package var modifiedNanoseconds: Int

    /// Whether both are of one file, whatever became of it meanwhile.
    func isSameFile(as other: Status) -> Bool { device == other.device && inode == other.inode }
  }

  package static func status(_ path: String, followingLinks: Bool = true) throws(FileError) -> Status {
    try found(System.status(path, followingLinks: followingLinks), path, "read")
  }

  package static func exists(_ path: String) -> Bool { System.exists(path) }

  /// Whether the name is in use, if only by a link that leads nowhere: to open it tells what is wrong with it.
  package static func isListed(_ path: String) -> Bool { (try? status(path, followingLinks: false)) != nil }

  package static func isWritable(_ path: String) -> Bool { System.isWritable(path) }

  /// The absolute path with every symbolic link followed.
  package static func resolve(_ path: String) throws(FileError) -> String {
    try found(System.resolve(path), path, "resolve")
  }

  /// The same as far as the path exists: of what is to be made, the folder's and its name.
  package static func place(_ path: String) -> String {
    if let whole = try? resolve(path) { return whole }
    let parent = Path.parent(of: path)
    return Path.join((try? resolve(parent)) ?? parent, Path.name(of: path))
  }

  /// Names in a directory, sorted, without `.` and `..`.
  package static func list(_ path: String) throws(FileError) -> [String] {
    // Byte by byte, as `LC_ALL=C` sorts: names that Unicode calls equal have an order, too.
    try found(System.list(path), path, "list").filter { $0 != "." && $0 != ".." }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func found<Value>(
    _ result: Result<Value, SystemError>, _ path: String, _ verb: String
  ) throws(FileError) -> Value {
    switch result {
    case .success(let value): return value
    case .failure(let error): throw FileError(path, verb, error.code)
    }
  }

  /// Asks the system, again where a signal interrupted it, and returns its answer.
  private static func ask(_ path: String, to verb: String, _ call: () -> Int) throws(FileError) -> Int {
    while true {
      let result = call()
      if result >= 0 { return result }
      let code = Int32(-result)
      if System.meaning(code) != .interrupted { throw FileError(path, verb, code) }
    }
  }

  // MARK: Changes

  /// Does one operation and returns what the system did: the one way to every change.
  @discardableResult
  private static func perform(
    _ operation: FileOperation, _ path: String, _ call: () -> Int
  ) throws(FileError) -> Int {
    try ask(path, to: operation.verb) {
      let code = FileOperation.intercepted(operation, path)
      return code == 0 ? call() : -Int(code)
    }
  }

  package static func makeDirectory(_ path: String) throws(FileError) {
    try perform(.makeDirectory, path) { System.makeDirectory(path) }
  }

  package static func rename(_ old: String, to new: String) throws(FileError) {
    try perform(.rename, new) { System.rename(old, to: new) }
  }

  /// Lets two paths change places in one step; false where the system or the file system cannot do that.
  package static func exchange(_ first: String, _ second: String) throws(FileError) -> Bool {
    do throws(FileError) {
      try perform(.exchange, second) { System.exchange(first, second) }
      return true
    } catch {
      if error.isUnsupported { return false }
      throw error
    }
  }

  package static func removeFile(_ path: String) throws(FileError) {
    try perform(.removeFile, path) { System.removeFile(path) }
  }

  package static func removeDirectory(_ path: String) throws(FileError) {
    try perform(.removeDirectory, path) { System.removeDirectory(path) }
  }

  /// Removes a file, or a folder with all that is in it; what cannot be removed stays.
  package static func removeTree(_ path: String) {
    guard (try? status(path, followingLinks: false))?.kind == .directory else {
      try? removeFile(path)
      return
    }
    for name in (try? list(path)) ?? [] { removeTree(Path.join(path, name)) }
    try? removeDirectory(path)
  }

  /// Asks the system to bring a directory's entries to the disk.
  package static func synchronizeDirectory(_ path: String) throws(FileError) {
    try perform(.synchronizeDirectory, path) { System.synchronizeDirectory(path) }
  }

  static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, path: String) throws(FileError) {
    var rest = bytes
    while !rest.isEmpty {
      let count = try perform(.write, path) { System.write(descriptor, rest) }
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
    }
  }

  static func synchronize(_ descriptor: Int32, path: String) throws(FileError) {
    try perform(.synchronize, path) { System.synchronize(descriptor) }
  }

  /// Opens a new file, closed on exec.
  static func createDescriptor(_ path: String) throws(FileError) -> Int32 {
    Int32(try perform(.create, path) { System.open(path, .creating) })
  }

  /// Closes a file that was written.
  ///
  /// Whoever needs to know that the bytes have arrived has synchronized them before.
  static func closeCreated(_ descriptor: Int32, path: String) {
    _ = FileOperation.intercepted(.close, path)
    System.close(descriptor)
  }

  // MARK: Locks

  /// Makes an empty file where there is none, to be locked.
  package static func createLockFile(_ path: String) throws(FileError) {
    let descriptor = System.open(path, .creatingLock)
    guard descriptor >= 0 else { throw FileError(path, "create", Int32(-descriptor)) }
    System.close(Int32(descriptor))
  }

  /// Opens a file or a folder, and nothing that a link leads to, to lock it; nil where that is refused.
  static func openLock(_ path: String) -> Int32? {
    let descriptor = System.open(path, .locking)
    return descriptor >= 0 ? Int32(descriptor) : nil
  }

  /// Locks an open file: whether nobody else has done so, or nil where there are no locks.
  static func lock(_ descriptor: Int32) -> Bool? {
    let result = System.lock(descriptor)
    if result >= 0 { return true }
    return System.meaning(Int32(-result)) == .wouldBlock ? false : nil
  }

  static func closeLock(_ descriptor: Int32) {
    // A process that is being started beside this one has the descriptor too until it becomes another program; closing would
    // leave the lock with it for that time.
    System.unlock(descriptor)
    System.close(descriptor)
  }

  // MARK: Reading

  /// Bytes that an unprivileged user may still write below a path.
  package static func freeBytes(at path: String) throws(FileError) -> Int {
    try found(System.freeBytes(at: path), path, "read")
  }

  /// Opens a file to read it, closed on exec.
  static func openDescriptor(_ path: String) throws(FileError) -> Int32 {
    Int32(try ask(path, to: "open") { System.open(path, .reading) })
  }

  static func closeDescriptor(_ descriptor: Int32) { System.close(descriptor) }

  static func status(of descriptor: Int32, path: String) throws(FileError) -> Status {
    try found(System.status(of: descriptor), path, "read")
  }

  /// One positional read; 0 at the end of the file.
  static func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: Int, path: String)
    throws(FileError) -> Int
  {
    try ask(path, to: "read") { System.read(descriptor, into: buffer, at: offset) }
  }

  /// Reads a stream whose size is not known before (a file of /proc, a pipe) up to `limit` bytes.
  package static func readStream(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
    let descriptor = Int32(try ask(path, to: "open") { System.open(path, .streaming) })
    defer { System.close(descriptor) }
    return try readStream(descriptor: descriptor, path: path, limit: limit)
  }

  /// Reads standard input to its end, up to `limit` bytes.
  package static func readStandardInput(limit: Int) throws(FileError) -> [UInt8] {
    try readStream(descriptor: 0, path: "standard input", limit: limit)
  }

  private static func readStream(descriptor: Int32, path: String, limit: Int) throws(FileError) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count < limit {
      let count = try ask(path, to: "read") { chunk.withUnsafeMutableBytes { System.read(descriptor, into: $0) } }
      if count == 0 { break }
      bytes.append(contentsOf: chunk[0..<min(count, limit - bytes.count)])
    }
    return bytes
  }

  /// A number that differs between processes running at the same time, for names of temporary folders.
  package static var processIdentifier: Int32 { System.processIdentifier }

  static func failureKind(_ code: Int32, creating: Bool) -> FailureKind {
    switch System.meaning(code) {
    case .wrongPath, .forbidden, .nameTaken: creating ? .cannotCreate : .noInput
    default: .inputOutput
    }
  }
}

// Files that grow.
extension FileSystem {
  /// Opens a file for reading and appending, and creates it where there is none.
  static func openAppending(_ path: String) throws(FileError) -> Int32 {
    Int32(try ask(path, to: "create") { System.open(path, .appending) })
  }

  static func truncate(_ descriptor: Int32, to size: Int, path: String) throws(FileError) {
    _ = try ask(path, to: "write") { System.truncate(descriptor, to: size) }
  }
}
