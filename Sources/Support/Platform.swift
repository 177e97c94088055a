import Synchronization

// The only file that imports the platform's C library. Everything it offers the rest is a Swift function with Swift types.
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Android)
  import Android
#elseif canImport(Darwin)
  import Darwin
#else
  #error("svnup needs a POSIX C library: Glibc, Musl, Bionic or Darwin")
#endif

/// Elementary functions on Double that the Swift standard library does not have.
package enum Math {
  package static func exp(_ x: Double) -> Double { _exp(x) }
  package static func log(_ x: Double) -> Double { _log(x) }
  package static func pow(_ x: Double, _ y: Double) -> Double { _pow(x, y) }
  package static func sin(_ x: Double) -> Double { _sin(x) }
  package static func cos(_ x: Double) -> Double { _cos(x) }
  package static func atan(_ x: Double) -> Double { _atan(x) }
}

// Inside `Math` the short names mean Math's own functions, so the C ones get names of their own here.
private func _exp(_ x: Double) -> Double { exp(x) }
private func _log(_ x: Double) -> Double { log(x) }
private func _pow(_ x: Double, _ y: Double) -> Double { pow(x, y) }
private func _sin(_ x: Double) -> Double { sin(x) }
private func _cos(_ x: Double) -> Double { cos(x) }
private func _atan(_ x: Double) -> Double { atan(x) }

/// Facts about the process and the machine.
package enum Process {
  /// Processors that are online; at least 1.
  package static var processorCount: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

  /// Lets another thread that is ready have this processor.
  package static func yield() { _ = sched_yield() }

  /// Bytes of main memory; the largest Int where the system does not tell.
  package static var physicalMemory: Int {
    let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
    guard pages > 0, size > 0 else { return Int.max }
    return pages.multipliedReportingOverflow(by: size).overflow ? Int.max : pages * size
  }

  /// The value of an environment variable, or nil where it is not set.
  package static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }

  /// The place of the first argument that is not UTF-8, of which Swift would make another text; nil where all are.
  package static var firstIllFormedArgument: Int? {
    (1..<max(1, Int(CommandLine.argc))).first { place in
      guard let argument = CommandLine.unsafeArgv[place] else { return false }
      let bytes = UnsafeRawBufferPointer(start: argument, count: strlen(argument))
      return UTF8Validation.firstInvalidOffset(in: bytes.bindMemory(to: UInt8.self)) != nil
    }
  }

  /// Makes a write that nobody reads, or that is over a limit on file sizes, fail instead of ending the process.
  package static func ignoreWriteSignals() {
    _ = signal(SIGPIPE, SIG_IGN)
    _ = signal(SIGXFSZ, SIG_IGN)
  }

  /// Ends the process.
  package static func end(_ status: Int32) -> Never { exit(status) }

  /// Largest resident set so far, in bytes; 0 where the system does not tell.
  package static var peakResidentBytes: Int {
    #if os(Linux) || os(Android)
      // `getrusage` would count what was resident in the process that started this one, before it became this program.
      return statusBytes("VmHWM:") ?? 0
    #else
      var usage = rusage()
      return getrusage(0, &usage) == 0 ? Int(usage.ru_maxrss) : 0
    #endif
  }

  /// Resident bytes at this moment; the largest number so far where the system does not tell.
  package static var residentBytes: Int {
    #if os(Linux) || os(Android)
      return statusBytes("VmRSS:") ?? 0
    #else
      return peakResidentBytes
    #endif
  }

  #if os(Linux) || os(Android)
    /// A line of `/proc/self/status`, in KiB there.
    private static func statusBytes(_ name: String) -> Int? {
      guard let bytes = try? FileSystem.readStream("/proc/self/status", limit: 1 << 16) else { return nil }
      let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix(name) }
      return line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }.map {
        $0 << 10
      }
    }
  #endif

  /// The absolute path of the running executable, or nil where the system does not tell.
  package static var executablePath: String? {
    #if canImport(Darwin)
      var size: UInt32 = 0
      _ = _NSGetExecutablePath(nil, &size)
      var buffer = [CChar](repeating: 0, count: Int(size))
      guard _NSGetExecutablePath(&buffer, &size) == 0 else { return nil }
      return buffer.withUnsafeBufferPointer { buffer in
        buffer.baseAddress.flatMap { try? FileSystem.resolve(String(cString: $0)) }
      }
    #else
      return try? FileSystem.resolve("/proc/self/exe")
    #endif
  }

  /// The instruction-set flags that the operating system reports for the processor; empty where it reports none.
  package static let processorFlags: Set<String> = {
    #if canImport(Darwin)
      var flags: Set<String> = []
      let names = [
        "avx2": "avx2_0", "fma": "fma", "bmi2": "bmi2", "avx512f": "avx512f", "avx512bw": "avx512bw",
        "avx512cd": "avx512cd", "avx512dq": "avx512dq", "avx512vl": "avx512vl",
      ]
      for (flag, name) in names {
        var value: Int32 = 0
        var size = MemoryLayout<Int32>.size
        if sysctlbyname("hw.optional.\(name)", &value, &size, nil, 0) == 0, value != 0 { flags.insert(flag) }
      }
      return flags
    #else
      guard let bytes = try? FileSystem.readStream("/proc/cpuinfo", limit: 1 << 20) else { return [] }
      let text = String(decoding: bytes, as: UTF8.self)
      for line in text.split(separator: "\n") where line.hasPrefix("flags") {
        guard let colon = line.firstIndex(of: ":") else { continue }
        return Set(line[line.index(after: colon)...].split(separator: " ").map(String.init))
      }
      return []
    #endif
  }()
}

/// Memory straight from the system, in whole pages.
package enum Pages {
  /// From this size on a block is worth being mapped in large pages, of which it takes far fewer.
  private static let hugeByteCount = 4 << 20

  private static let size = max(4096, sysconf(Int32(_SC_PAGESIZE)))

  /// `byteCount` in whole pages.
  package static func rounded(_ byteCount: Int) -> Int { (byteCount + size - 1) / size * size }

  /// Zeros, `byteCount` of them, which must be whole pages; their memory is taken when they are first touched.
  ///
  /// Ends the process where the address space has no room, as every allocation does.
  package static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
    let pointer = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let pointer, pointer != UnsafeMutableRawPointer(bitPattern: -1) else {
      preconditionFailure("no memory for \(byteCount) bytes")
    }
    #if os(Linux) || os(Android)
      // Advice only: where it is not followed, pages are small.
      if byteCount >= hugeByteCount { _ = madvise(pointer, byteCount, MADV_HUGEPAGE) }
    #endif
    return pointer
  }

  /// Gives a block back that `allocate` returned.
  package static func release(_ pointer: UnsafeMutableRawPointer, _ byteCount: Int) { _ = munmap(pointer, byteCount) }
}

/// The three standard streams.
package enum StandardStream: Int32, Sendable {
  case input = 0
  case output = 1
  case error = 2

  /// Whether a person reads this stream on a terminal.
  package var isTerminal: Bool { isatty(rawValue) == 1 }

  /// Columns of the terminal; 80 where there is none.
  package var columns: Int {
    var size = winsize()
    let answered = ioctl(rawValue, UInt(TIOCGWINSZ), &size) == 0
    return answered && size.ws_col > 0 ? Int(size.ws_col) : 80
  }

  /// Writes the whole text, for news rather than results: what cannot be written is lost, and then this returns false.
  @discardableResult
  package func write(_ text: String) -> Bool { (try? send(text)) ?? false }

  /// Writes the whole text; returns false where the reader has gone, throws where the system refuses for another reason.
  package func send(_ text: String) throws(FileError) -> Bool {
    let code = writeAll(text)
    guard code != 0 else { return true }
    guard code == EPIPE else { throw FileError("standard \(self)", "write", code) }
    return false
  }

  /// Writes the whole text and returns 0, or the number of the error that stopped it.
  private func writeAll(_ text: String) -> Int32 {
    var text = text
    return text.withUTF8 { bytes in
      var written = 0
      while written < bytes.count, let base = bytes.baseAddress {
        let count = systemWrite(rawValue, base + written, bytes.count - written)
        if count >= 0 {
          written += count
        } else if errno != EINTR {
          return errno
        }
      }
      return 0
    }
  }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}

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
    var raw = stat()
    guard (followingLinks ? stat(path, &raw) : lstat(path, &raw)) == 0 else { throw FileError(path, "read", errno) }
    return Status(raw)
  }

  package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Whether the name is in use, if only by a link that leads nowhere: to open it tells what is wrong with it.
  package static func isListed(_ path: String) -> Bool { (try? status(path, followingLinks: false)) != nil }

  package static func isWritable(_ path: String) -> Bool { access(path, W_OK | X_OK) == 0 }

  /// The absolute path with every symbolic link followed.
  package static func resolve(_ path: String) throws(FileError) -> String {
    guard let resolved = realpath(path, nil) else { throw FileError(path, "resolve", errno) }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// Names in a directory, sorted, without `.` and `..`.
  package static func list(_ path: String) throws(FileError) -> [String] {
    guard let directory = opendir(path) else { throw FileError(path, "list", errno) }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: entry.pointee.d_name)) {
          String(cString: $0)
        }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Asks the system, again where a signal interrupted it, and returns its answer.
  private static func ask(_ path: String, to verb: String, _ call: () -> Int) throws(FileError) -> Int {
    while true {
      let result = call()
      if result >= 0 { return result }
      if errno != EINTR { throw FileError(path, verb, errno) }
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
      guard code != 0 else { return call() }
      errno = code
      return -1
    }
  }

  package static func makeDirectory(_ path: String) throws(FileError) {
    try perform(.makeDirectory, path) { Int(mkdir(path, 0o777)) }
  }

  package static func rename(_ old: String, to new: String) throws(FileError) {
    try perform(.rename, new) { Int(systemRename(old, new)) }
  }

  /// Lets two paths change places in one step; false where the system or the file system cannot do that.
  package static func exchange(_ first: String, _ second: String) throws(FileError) -> Bool {
    do throws(FileError) {
      try perform(.exchange, second) { Int(systemExchange(first, second)) }
      return true
    } catch {
      if error.isUnsupported { return false }
      throw error
    }
  }

  package static func removeFile(_ path: String) throws(FileError) {
    try perform(.removeFile, path) { Int(unlink(path)) }
  }

  package static func removeDirectory(_ path: String) throws(FileError) {
    try perform(.removeDirectory, path) { Int(rmdir(path)) }
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
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path, "open", errno) }
    defer { close(descriptor) }
    try perform(.synchronizeDirectory, path) { Int(fsync(descriptor)) }
  }

  static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, path: String) throws(FileError) {
    var written = 0
    while written < bytes.count, let base = bytes.baseAddress {
      written += try perform(.write, path) { systemWrite(descriptor, base + written, bytes.count - written) }
    }
  }

  static func synchronize(_ descriptor: Int32, path: String) throws(FileError) {
    try perform(.synchronize, path) { Int(fsync(descriptor)) }
  }

  /// Opens a new file, closed on exec.
  static func createDescriptor(_ path: String) throws(FileError) -> Int32 {
    Int32(
      truncatingIfNeeded: try perform(.create, path) {
        Int(open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666))
      })
  }

  /// Closes a file that was written.
  ///
  /// Whoever needs to know that the bytes have arrived has synchronized them before.
  static func closeCreated(_ descriptor: Int32, path: String) {
    _ = FileOperation.intercepted(.close, path)
    close(descriptor)
  }

  // MARK: Locks

  /// Makes an empty file where there is none, to be locked.
  package static func createLockFile(_ path: String) throws(FileError) {
    let descriptor = open(path, O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileError(path, "create", errno) }
    close(descriptor)
  }

  /// Opens a file or a folder, and nothing that a link leads to, to lock it; nil where that is refused.
  static func openLock(_ path: String) -> Int32? {
    let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    return descriptor >= 0 ? descriptor : nil
  }

  /// Locks an open file: whether nobody else has done so, or nil where there are no locks.
  static func lock(_ descriptor: Int32) -> Bool? {
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
    return errno == EWOULDBLOCK ? false : nil
  }

  static func closeLock(_ descriptor: Int32) {
    // A process that is being started beside this one has the descriptor too until it becomes another program; closing would
    // leave the lock with it for that time.
    _ = flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  // MARK: Reading

  /// Bytes that an unprivileged user may still write below a path.
  package static func freeBytes(at path: String) throws(FileError) -> Int {
    var raw = statvfs()
    guard statvfs(path, &raw) == 0 else { throw FileError(path, "read", errno) }
    let product = UInt64(raw.f_bavail).multipliedReportingOverflow(by: UInt64(raw.f_frsize))
    return product.overflow ? Int.max : Int(clamping: product.partialValue)
  }

  /// Opens a file to read it, closed on exec.
  static func openDescriptor(_ path: String) throws(FileError) -> Int32 {
    // O_NONBLOCK: opening a FIFO must answer at once; for a regular file it means nothing.
    Int32(truncatingIfNeeded: try ask(path, to: "open") { Int(open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)) })
  }

  static func closeDescriptor(_ descriptor: Int32) { close(descriptor) }

  static func status(of descriptor: Int32, path: String) throws(FileError) -> Status {
    var raw = stat()
    guard fstat(descriptor, &raw) == 0 else { throw FileError(path, "read", errno) }
    return Status(raw)
  }

  /// One positional read; 0 at the end of the file.
  static func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: Int, path: String)
    throws(FileError) -> Int
  {
    try ask(path, to: "read") { pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset)) }
  }

  /// Reads a stream whose size is not known before (a file of /proc, a pipe) up to `limit` bytes.
  package static func readStream(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path, "open", errno) }
    defer { close(descriptor) }
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
      let count = try ask(path, to: "read") { chunk.withUnsafeMutableBytes { systemRead(descriptor, $0) } }
      if count == 0 { break }
      bytes.append(contentsOf: chunk[0..<min(count, limit - bytes.count)])
    }
    return bytes
  }

  /// A number that differs between processes running at the same time, for names of temporary folders.
  package static var processIdentifier: Int32 { getpid() }

  /// What the system says about an error number.
  static func message(_ code: Int32) -> String { String(cString: strerror(code)) }

  static func isNameTaken(_ code: Int32) -> Bool { code == EEXIST }

  /// Whether the system says that it cannot do such a thing at all.
  static func isUnsupported(_ code: Int32) -> Bool { [ENOSYS, EINVAL, ENOTSUP, EOPNOTSUPP].contains(code) }

  static func failureKind(_ code: Int32, creating: Bool) -> FailureKind {
    switch code {
    case ENOENT, ENOTDIR, EISDIR, ELOOP, ENAMETOOLONG: creating ? .cannotCreate : .noInput
    case EACCES, EPERM, EROFS, EEXIST: creating ? .cannotCreate : .noInput
    default: .inputOutput
    }
  }
}

private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
  read(descriptor, buffer.baseAddress, buffer.count)
}

private func systemRename(_ old: String, _ new: String) -> Int32 { rename(old, new) }

/// Lets two paths change places; -1 and an error number where that fails.
private func systemExchange(_ first: String, _ second: String) -> Int32 {
  #if canImport(Darwin)
    return renamex_np(first, second, UInt32(RENAME_SWAP))
  #else
    // Not every C library has the function, nor tells Swift of it where it has.
    typealias Function = @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32
    guard let symbol = dlsym(nil, "renameat2") else {
      errno = ENOSYS
      return -1
    }
    let exchange: UInt32 = 2
    return unsafeBitCast(symbol, to: Function.self)(AT_FDCWD, first, AT_FDCWD, second, exchange)
  #endif
}

extension FileSystem.Status {
  fileprivate init(_ raw: stat) {
    let kind: FileSystem.Kind
    switch raw.st_mode & S_IFMT {
    case S_IFREG: kind = .file
    case S_IFDIR: kind = .directory
    case S_IFLNK: kind = .symbolicLink
    default: kind = .other
    }
    #if canImport(Darwin)
      let modified = raw.st_mtimespec
    #else
      let modified = raw.st_mtim
    #endif
    self.init(
      kind: kind, size: Int(raw.st_size), device: UInt64(truncatingIfNeeded: raw.st_dev), inode: UInt64(raw.st_ino),
      modifiedSeconds: Int(modified.tv_sec), modifiedNanoseconds: Int(modified.tv_nsec))
  }
}

// Files that grow.
extension FileSystem {
  /// Opens a file for reading and appending, and creates it where there is none.
  static func openAppending(_ path: String) throws(FileError) -> Int32 {
    let flags = O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC
    return Int32(truncatingIfNeeded: try ask(path, to: "create") { Int(open(path, flags, 0o666)) })
  }

  static func truncate(_ descriptor: Int32, to size: Int, path: String) throws(FileError) {
    guard ftruncate(descriptor, off_t(size)) == 0 else { throw FileError(path, "write", errno) }
  }
}

/// A polite request to end: SIGTERM from a batch system, SIGINT from a keyboard.
package enum Termination {
  private static let requested = Atomic<Bool>(false)
  private static let deferred = Atomic<Bool>(false)

  private static let status = Atomic<Int32>(0)

  /// What is written when a request ends the process: an address and a length, since a handler of signals must not allocate.
  private static let message = Atomic<UInt>(0)
  private static let messageLength = Atomic<Int>(0)

  /// From now on such a request ends the process with `status`, after a line on standard error.
  package static func watch(endingWith status: Int32, saying text: String) {
    let bytes = Array(text.utf8)
    // Lives as long as the process.
    let copy = UnsafeMutableRawPointer.allocate(byteCount: max(bytes.count, 1), alignment: 1)
    bytes.withUnsafeBytes { if let base = $0.baseAddress { copy.copyMemory(from: base, byteCount: bytes.count) } }
    message.store(UInt(bitPattern: copy), ordering: .relaxed)
    messageLength.store(bytes.count, ordering: .relaxed)
    // Before the handlers run, so that they find the flags made.
    _ = (requested.load(ordering: .relaxed), deferred.load(ordering: .relaxed))
    self.status.store(status, ordering: .relaxed)
    // Who starts a process from a thread that blocks signals hands that down.
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGTERM, SIGINT] { sigaddset(&signals, number) }
    sigprocmask(SIG_UNBLOCK, &signals, nil)
    for number in [SIGTERM, SIGINT] {
      _ = signal(number) { number in
        guard Termination.deferred.load(ordering: .relaxed) else { Termination.end() }
        Termination.requested.store(true, ordering: .relaxed)
        // Who asks twice does not want to wait.
        _ = signal(number, SIG_DFL)
      }
    }
  }

  /// From now on such a request waits until this function is asked whether there was one.
  package static func isRequested() -> Bool {
    deferred.store(true, ordering: .relaxed)
    return requested.load(ordering: .relaxed)
  }

  /// From now on nobody asks any more: such a request ends the process again, one that waits at once.
  package static func endDeferring() {
    deferred.store(false, ordering: .relaxed)
    if requested.load(ordering: .relaxed) { end() }
  }

  private static func end() -> Never {
    let text = UnsafeRawPointer(bitPattern: message.load(ordering: .relaxed))
    _ = write(STDERR_FILENO, text, messageLength.load(ordering: .relaxed))
    _exit(status.load(ordering: .relaxed))
  }
}
