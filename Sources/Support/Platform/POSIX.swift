#if canImport(Glibc) || canImport(Musl) || canImport(Android) || canImport(Darwin)
  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #elseif canImport(Android)
    import Android
  #else
    import Darwin
  #endif

  /// Linux with Glibc, Musl or Bionic, and Apple's systems.
  enum System: OperatingSystem {
    // MARK: Files

    static func open(_ path: String, _ mode: OpeningMode) -> Int {
      // O_NONBLOCK: opening a FIFO must answer at once; for a regular file it means nothing.
      let flags =
        switch mode {
        case .reading: O_RDONLY | O_NONBLOCK
        case .streaming: O_RDONLY
        case .creating: O_WRONLY | O_CREAT | O_EXCL
        case .appending: O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK
        case .locking: O_RDONLY | O_NOFOLLOW | O_NONBLOCK
        case .creatingLock: O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK
        }
      return result(Int(openFile(path, flags | O_CLOEXEC, 0o666)))
    }

    static func lock(_ descriptor: Int32) -> Int { result(Int(flock(descriptor, LOCK_EX | LOCK_NB))) }
    static func unlock(_ descriptor: Int32) { _ = flock(descriptor, LOCK_UN) }

    static func isWritable(_ folder: String) -> Bool { access(folder, W_OK | X_OK) == 0 }

    static func list(_ path: String) -> Result<[String], SystemError> {
      guard let directory = opendir(path) else { return .failure(SystemError(errno)) }
      defer { closedir(directory) }
      var names: [String] = []
      while let entry = readdir(directory) {
        names.append(
          withUnsafePointer(to: &entry.pointee.d_name) { tuple in
            tuple.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: entry.pointee.d_name)) {
              String(cString: $0)
            }
          })
      }
      return .success(names)
    }

    static func freeBytes(at path: String) -> Result<Int, SystemError> {
      var raw = statvfs()
      guard statvfs(path, &raw) == 0 else { return .failure(SystemError(errno)) }
      let product = UInt64(raw.f_bavail).multipliedReportingOverflow(by: UInt64(raw.f_frsize))
      return .success(product.overflow ? Int.max : Int(clamping: product.partialValue))
    }

    static func synchronizeDirectory(_ path: String) -> Int {
      let descriptor = open(path, .streaming)
      guard descriptor >= 0 else { return descriptor }
      defer { close(Int32(descriptor)) }
      return synchronize(Int32(descriptor))
    }

    static func exchange(_ first: String, _ second: String) -> Int {
      #if canImport(Darwin)
        return result(Int(renamex_np(first, second, UInt32(RENAME_SWAP))))
      #else
        // Not every C library has the function, nor tells Swift of it where it has.
        typealias Function =
          @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32
        guard let symbol = dlsym(nil, "renameat2") else { return -Int(ENOSYS) }
        let exchange: UInt32 = 2
        return result(Int(unsafeBitCast(symbol, to: Function.self)(AT_FDCWD, first, AT_FDCWD, second, exchange)))
      #endif
    }

    // MARK: Memory

    static var pageByteCount: Int { Int(sysconf(Int32(_SC_PAGESIZE))) }

    static var physicalMemory: Int? {
      let (pages, size) = (Int(sysconf(Int32(_SC_PHYS_PAGES))), pageByteCount)
      guard pages > 0, size > 0 else { return nil }
      let bytes = pages.multipliedReportingOverflow(by: size)
      return bytes.overflow ? nil : bytes.partialValue
    }

    /// From this size on a block is worth being mapped in large pages, of which it takes far fewer.
    private static let hugeByteCount = 4 << 20

    static func map(_ byteCount: Int) -> UnsafeMutableRawPointer? {
      #if canImport(Darwin)
        let flags = MAP_PRIVATE | MAP_ANON
      #else
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
      #endif
      // Bionic's header says that there is always a pointer, the others' that there may be none.
      let pointer: UnsafeMutableRawPointer? = mmap(nil, byteCount, PROT_READ | PROT_WRITE, flags, -1, 0)
      guard let pointer, pointer != UnsafeMutableRawPointer(bitPattern: -1) else { return nil }
      #if !canImport(Darwin)
        // Advice only: where it is not followed, pages are small.
        if byteCount >= hugeByteCount { _ = madvise(pointer, byteCount, MADV_HUGEPAGE) }
      #endif
      return pointer
    }

    static func unmap(_ pointer: UnsafeMutableRawPointer, _ byteCount: Int) { _ = munmap(pointer, byteCount) }

    #if canImport(Darwin)
      static var residentBytes: Int? { nil }

      static var peakResidentBytes: Int? {
        var usage = rusage()
        return getrusage(RUSAGE_SELF, &usage) == 0 ? Int(usage.ru_maxrss) : nil
      }
    #else
      static var residentBytes: Int? { statusBytes("VmRSS:") }
      // `getrusage` would count what was resident in the process that started this one, before it became this program.
      static var peakResidentBytes: Int? { statusBytes("VmHWM:") }

      /// A line of `/proc/self/status`, in KiB there.
      private static func statusBytes(_ name: String) -> Int? {
        guard let bytes = try? FileSystem.readStream("/proc/self/status", limit: 1 << 16) else { return nil }
        let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix(name) }
        let words = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst()
        return words?.first.flatMap { Int($0) }.map { $0 << 10 }
      }
    #endif

    // MARK: Processors

    static var processorCount: Int { Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
    static func yield() { _ = sched_yield() }

    static var processorFlags: Set<String> {
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
        // These two have no names there; every processor with AVX2 has them.
        if flags.contains("avx2") { flags.formUnion(["f16c", "abm"]) }
        return flags
      #else
        guard let bytes = try? FileSystem.readStream("/proc/cpuinfo", limit: 1 << 20) else { return [] }
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where line.hasPrefix("flags") {
          guard let colon = line.firstIndex(of: ":") else { continue }
          return Set(line[line.index(after: colon)...].split(separator: " ").map(String.init))
        }
        return []
      #endif
    }

    // MARK: The process

    static var processIdentifier: Int32 { getpid() }

    static var executablePath: String? {
      #if canImport(Darwin)
        var size: UInt32 = 0
        _ = _NSGetExecutablePath(nil, &size)
        var buffer = [CChar](repeating: 0, count: Int(size))
        guard _NSGetExecutablePath(&buffer, &size) == 0 else { return nil }
        let path = buffer.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } }
        return try? path.map { try resolve($0).get() }
      #else
        return try? resolve("/proc/self/exe").get()
      #endif
    }

    static func columns(_ descriptor: Int32) -> Int? {
      var size = winsize()
      let answered = controlDevice(descriptor, &size) == 0
      return answered && size.ws_col > 0 ? Int(size.ws_col) : nil
    }

    // MARK: Signals

    static func keepStandardStreams() {
      // The lowest free number is taken; in the wrong direction, so that reading and writing fail.
      for descriptor in [0, 1, 2] as [Int32] where fcntl(descriptor, F_GETFD) == -1 {
        _ = openFile("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY, 0)
      }
    }

    static func ignoreWriteSignals() { for number in [SIGPIPE, SIGXFSZ] { _ = signal(number, SIG_IGN) } }

    static func watchTermination(_ handler: @convention(c) (Int32) -> Void) {
      // Who starts a process from a thread that blocks signals hands that down.
      var signals = sigset_t()
      sigemptyset(&signals)
      for number in [SIGTERM, SIGINT] { sigaddset(&signals, number) }
      sigprocmask(SIG_UNBLOCK, &signals, nil)
      for number in [SIGTERM, SIGINT] { _ = signal(number, handler) }
    }

    static func restoreTermination(_ number: Int32) { _ = signal(number, SIG_DFL) }
    static func exitAtOnce(_ status: Int32) -> Never { _exit(status) }
  }

  // Within `System` these names mean its own functions.
  private func openFile(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 { open(path, flags, mode) }
  private func controlDevice(_ descriptor: Int32, _ size: inout winsize) -> Int32 {
    ioctl(descriptor, UInt(TIOCGWINSZ), &size)
  }
#endif
