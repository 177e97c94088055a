#if os(WASI)
  import WASILibc

  /// WebAssembly with WASI's C library: written from its documentation, never run.
  ///
  /// There is one thread, there are no other processes, no signals and no terminal; memory comes from the allocator.
  enum System: OperatingSystem {
    // MARK: Files

    static func open(_ path: String, _ mode: OpeningMode) -> Int {
      let flags =
        switch mode {
        case .reading, .streaming: O_RDONLY
        case .creating: O_WRONLY | O_CREAT | O_EXCL
        case .appending: O_RDWR | O_CREAT | O_APPEND
        case .locking: O_RDONLY | O_NOFOLLOW
        case .creatingLock: O_RDONLY | O_CREAT | O_NOFOLLOW
        }
      return result(Int(openFile(path, flags, 0o666)))
    }

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
    // No other process can see the file.
    static func lock(_ descriptor: Int32) -> Int { 0 }
    static func unlock(_ descriptor: Int32) {}

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
    static func isWritable(_ folder: String) -> Bool { access(folder, W_OK) == 0 }

    static func resolve(_ path: String) -> Result<String, SystemError> {
      guard let resolved = realpath(path, nil) else { return .failure(SystemError(errno)) }
      defer { free(resolved) }
      return .success(String(cString: resolved))
    }

    static func list(_ path: String) -> Result<[String], SystemError> {
      guard let directory = opendir(path) else { return .failure(SystemError(errno)) }
      defer { closedir(directory) }
      var names: [String] = []
      while let entry = readdir(directory) {
        // The name is the end of the record, an array of C without a length, of which Swift knows the place alone.
        guard let place = MemoryLayout<dirent>.offset(of: \.d_type) else { break }
        names.append(String(cString: (UnsafeRawPointer(entry) + place + 1).assumingMemoryBound(to: CChar.self)))
      }
      return .success(names)
    }

    static func freeBytes(at path: String) -> Result<Int, SystemError> { .success(.max) }

    static func makeDirectory(_ path: String) -> Int { result(Int(mkdir(path, 0o777))) }
    static func rename(_ old: String, to new: String) -> Int { result(Int(renameFile(old, new))) }
    static func exchange(_ first: String, _ second: String) -> Int { -Int(ENOSYS) }
    static func removeFile(_ path: String) -> Int { result(Int(unlink(path))) }
    static func removeDirectory(_ path: String) -> Int { result(Int(rmdir(path))) }
    static func synchronizeDirectory(_ path: String) -> Int { 0 }

    private static func result(_ value: Int) -> Int { value >= 0 ? value : -Int(errno) }

    // MARK: Errors

    static func message(_ code: Int32) -> String { String(cString: strerror(code)) }

    static func meaning(_ code: Int32) -> SystemError.Meaning {
      switch code {
      case EINTR: .interrupted
      case EPIPE: .brokenPipe
      case EEXIST: .nameTaken
      case EAGAIN: .wouldBlock
      case ENOENT, ENOTDIR, EISDIR, ELOOP, ENAMETOOLONG: .wrongPath
      case EACCES, EPERM, EROFS: .forbidden
      case ENOSYS, EINVAL, ENOTSUP: .unsupported
      default: .other
      }
    }

    // MARK: Memory

    static var pageByteCount: Int { 1 << 16 }
    static var physicalMemory: Int? { nil }

    static func map(_ byteCount: Int) -> UnsafeMutableRawPointer? {
      var pointer: UnsafeMutableRawPointer?
      guard posix_memalign(&pointer, pageByteCount, byteCount) == 0 else { return nil }
      pointer?.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
      return pointer
    }

    static func unmap(_ pointer: UnsafeMutableRawPointer, _ byteCount: Int) { free(pointer) }
    static var residentBytes: Int? { nil }
    static var peakResidentBytes: Int? { nil }

    // MARK: Processors and the process

    static var processorCount: Int { 1 }
    static var processorFlags: Set<String> { [] }
    static func yield() {}
    static var processIdentifier: Int32 { 1 }
    static var executablePath: String? { nil }
    static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
    static func exit(_ status: Int32) -> Never { exitProcess(status) }
    static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }
    static func columns(_ descriptor: Int32) -> Int? { nil }

    // MARK: Signals

    static func ignoreWriteSignals() {}
    static func watchTermination(_ handler: @convention(c) (Int32) -> Void) {}
    static func restoreTermination(_ number: Int32) {}
    static func exitAtOnce(_ status: Int32) -> Never { _Exit(status) }

    // MARK: Elementary functions

    static func exponential(_ x: Double) -> Double { exp(x) }
    static func logarithm(_ x: Double) -> Double { log(x) }
    static func power(_ x: Double, _ y: Double) -> Double { pow(x, y) }
    static func sine(_ x: Double) -> Double { sin(x) }
    static func cosine(_ x: Double) -> Double { cos(x) }
    static func arcTangent(_ x: Double) -> Double { atan(x) }
  }

  // Within `System` these names mean its own functions.
  private func openFile(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 { open(path, flags, mode) }
  private func closeFile(_ descriptor: Int32) -> Int32 { close(descriptor) }
  private func readFile(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    read(descriptor, buffer, count)
  }
  private func writeFile(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
  }
  private func renameFile(_ old: String, _ new: String) -> Int32 { rename(old, new) }
  private func exitProcess(_ status: Int32) -> Never { exit(status) }

  extension FileSystem.Status {
    fileprivate init(_ raw: stat) {
      let kind: FileSystem.Kind =
        switch raw.st_mode & 0o170000 {
        case 0o100000: .file
        case 0o040000: .directory
        case 0o120000: .symbolicLink
        default: .other
        }
      self.init(
        kind: kind, size: Int(raw.st_size), device: UInt64(truncatingIfNeeded: raw.st_dev), inode: UInt64(raw.st_ino),
        modifiedSeconds: Int(raw.st_mtim.tv_sec), modifiedNanoseconds: Int(raw.st_mtim.tv_nsec))
    }
  }
#endif
