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

    // No other process can see the file.
    static func lock(_ descriptor: Int32) -> Int { 0 }
    static func unlock(_ descriptor: Int32) {}

    static func isWritable(_ folder: String) -> Bool { access(folder, W_OK) == 0 }

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

    static func exchange(_ first: String, _ second: String) -> Int { -Int(ENOSYS) }
    static func synchronizeDirectory(_ path: String) -> Int { 0 }

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
    static func columns(_ descriptor: Int32) -> Int? { nil }

    // MARK: Signals

    static func keepStandardStreams() {}
    static func ignoreWriteSignals() {}
    static func watchTermination(_ handler: @convention(c) (Int32) -> Void) {}
    static func restoreTermination(_ number: Int32) {}
    static func exitAtOnce(_ status: Int32) -> Never { _Exit(status) }
  }

  // Within `System` this name means its own function.
  private func openFile(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 { open(path, flags, mode) }
#endif
