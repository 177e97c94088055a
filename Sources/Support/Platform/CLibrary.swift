#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Android)
  import Android
#elseif canImport(Darwin)
  import Darwin
#elseif os(WASI)
  import WASILibc
#elseif os(Windows)
  import ucrt
#else
  #error("svnup knows no C library of this system: write a file like those beside this one")
#endif

// What every system has of its C library.
extension OperatingSystem {
  static func exit(_ status: Int32) -> Never { exitProcess(status) }

  static func exponential(_ x: Double) -> Double { exp(x) }
  static func logarithm(_ x: Double) -> Double { log(x) }
  static func power(_ x: Double, _ y: Double) -> Double { pow(x, y) }
  static func sine(_ x: Double) -> Double { sin(x) }
  static func cosine(_ x: Double) -> Double { cos(x) }
  static func arcTangent(_ x: Double) -> Double { atan(x) }

  static func meaning(_ code: Int32) -> SystemError.Meaning {
    switch code {
    case EINTR: .interrupted
    case EPIPE: .brokenPipe
    case EEXIST: .nameTaken
    case EWOULDBLOCK: .wouldBlock
    case ENOENT, ENOTDIR, EISDIR, ELOOP, ENAMETOOLONG: .wrongPath
    case EACCES, EPERM, EROFS: .forbidden
    // Names of one number on some systems.
    case _ where [ENOSYS, EINVAL, ENOTSUP, EOPNOTSUPP].contains(code): .unsupported
    default: .other
    }
  }
}

private func exitProcess(_ status: Int32) -> Never { exit(status) }

#if !os(Windows)
  // What those with POSIX's calls share.
  extension OperatingSystem {
    static func close(_ descriptor: Int32) { _ = closeFile(descriptor) }

    static func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int {
      result(readFile(descriptor, buffer.baseAddress, buffer.count))
    }

    static func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> Int {
      result(pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset)))
    }

    static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
      result(writeFile(descriptor, bytes.baseAddress, bytes.count))
    }

    static func synchronize(_ descriptor: Int32) -> Int { result(Int(fsync(descriptor))) }
    static func truncate(_ descriptor: Int32, to size: Int) -> Int { result(Int(ftruncate(descriptor, off_t(size)))) }

    static func status(_ path: String, followingLinks: Bool) -> Result<FileSystem.Status, SystemError> {
      var raw = stat()
      let isKnown = (followingLinks ? stat(path, &raw) : lstat(path, &raw)) == 0
      return isKnown ? .success(FileSystem.Status(raw)) : .failure(SystemError(errno))
    }

    static func status(of descriptor: Int32) -> Result<FileSystem.Status, SystemError> {
      var raw = stat()
      return fstat(descriptor, &raw) == 0 ? .success(FileSystem.Status(raw)) : .failure(SystemError(errno))
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func resolve(_ path: String) -> Result<String, SystemError> {
      guard let resolved = realpath(path, nil) else { return .failure(SystemError(errno)) }
      defer { free(resolved) }
      return .success(String(cString: resolved))
    }

    static func makeDirectory(_ path: String) -> Int { result(Int(mkdir(path, 0o777))) }
    static func rename(_ old: String, to new: String) -> Int { result(Int(renameFile(old, new))) }
    static func removeFile(_ path: String) -> Int { result(Int(unlink(path))) }
    static func removeDirectory(_ path: String) -> Int { result(Int(rmdir(path))) }

    /// What a call returned, or the number of its error, negative.
    static func result(_ value: Int) -> Int { value >= 0 ? value : -Int(errno) }

    static func message(_ code: Int32) -> String { String(cString: strerror(code)) }

    static var localTime: LocalTime {
      var (seconds, parts) = (time(nil), tm())
      localtime_r(&seconds, &parts)
      return LocalTime(
        year: Int(parts.tm_year) + 1900, month: Int(parts.tm_mon) + 1, day: Int(parts.tm_mday),
        hour: Int(parts.tm_hour),
        minute: Int(parts.tm_min), second: Int(parts.tm_sec))
    }

    static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
    static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }
  }

  // Within the extension these names mean its own functions.
  private func closeFile(_ descriptor: Int32) -> Int32 { close(descriptor) }
  private func readFile(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    read(descriptor, buffer, count)
  }
  private func writeFile(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
  }
  private func renameFile(_ old: String, _ new: String) -> Int32 { rename(old, new) }

  extension FileSystem.Status {
    fileprivate init(_ raw: stat) {
      let kind: FileSystem.Kind =
        switch raw.st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .directory
        case S_IFLNK: .symbolicLink
        default: .other
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
#endif
