#if os(Windows)
  import WinSDK
  import ucrt

  /// Windows: written from Microsoft's documentation, never compiled or run.
  ///
  /// Files are those of the C library, so that errors have its numbers; what it does not have comes from Win32, whose errors
  /// become the C library's nearest.
  enum System: OperatingSystem {
    // MARK: Files

    static func open(_ path: String, _ mode: OpeningMode) -> Int {
      let flags =
        switch mode {
        case .reading, .streaming, .locking: _O_RDONLY
        case .creating: _O_WRONLY | _O_CREAT | _O_EXCL
        case .appending: _O_RDWR | _O_CREAT | _O_APPEND
        case .creatingLock: _O_RDONLY | _O_CREAT
        }
      var descriptor: Int32 = -1
      let code = wide(path) {
        _wsopen_s(&descriptor, $0, flags | _O_BINARY | _O_NOINHERIT, _SH_DENYNO, _S_IREAD | _S_IWRITE)
      }
      return code == 0 ? Int(descriptor) : -Int(code)
    }

    static func close(_ descriptor: Int32) { _ = _close(descriptor) }

    static func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int {
      result(Int(_read(descriptor, buffer.baseAddress, UInt32(min(buffer.count, piece)))))
    }

    static func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> Int {
      var (place, count) = (OVERLAPPED(), DWORD(0))
      place.Offset = DWORD(truncatingIfNeeded: offset)
      place.OffsetHigh = DWORD(truncatingIfNeeded: offset >> 32)
      let isRead = ReadFile(handle(descriptor), buffer.baseAddress, DWORD(min(buffer.count, piece)), &count, &place)
      return isRead ? Int(count) : GetLastError() == DWORD(ERROR_HANDLE_EOF) ? 0 : failure()
    }

    static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
      result(Int(_write(descriptor, bytes.baseAddress, UInt32(min(bytes.count, piece)))))
    }

    static func synchronize(_ descriptor: Int32) -> Int { result(Int(_commit(descriptor))) }
    static func truncate(_ descriptor: Int32, to size: Int) -> Int { -Int(_chsize_s(descriptor, Int64(size))) }

    /// A byte far behind the end of any file stands for the file.
    private static var lockedByte: OVERLAPPED {
      var place = OVERLAPPED()
      place.OffsetHigh = 0x4000_0000
      return place
    }

    static func lock(_ descriptor: Int32) -> Int {
      var place = lockedByte
      let flags = DWORD(LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY)
      return LockFileEx(handle(descriptor), flags, 0, 1, 0, &place) ? 0 : failure()
    }

    static func unlock(_ descriptor: Int32) {
      var place = lockedByte
      _ = UnlockFileEx(handle(descriptor), 0, 1, 0, &place)
    }

    static func status(_ path: String, followingLinks: Bool) -> Result<FileSystem.Status, SystemError> {
      let flags = DWORD(FILE_FLAG_BACKUP_SEMANTICS) | (followingLinks ? 0 : DWORD(FILE_FLAG_OPEN_REPARSE_POINT))
      let shared = DWORD(FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)
      let file = wide(path) { CreateFileW($0, 0, shared, nil, DWORD(OPEN_EXISTING), flags, nil) }
      guard let file, file != INVALID_HANDLE_VALUE else { return .failure(SystemError(Int32(-failure()))) }
      defer { CloseHandle(file) }
      return status(of: file)
    }

    static func status(of descriptor: Int32) -> Result<FileSystem.Status, SystemError> {
      status(of: handle(descriptor))
    }

    private static func status(of file: HANDLE) -> Result<FileSystem.Status, SystemError> {
      var raw = BY_HANDLE_FILE_INFORMATION()
      guard GetFileInformationByHandle(file, &raw) else { return .failure(SystemError(Int32(-failure()))) }
      func joined(_ high: DWORD, _ low: DWORD) -> UInt64 { UInt64(high) << 32 | UInt64(low) }
      let kind: FileSystem.Kind =
        raw.dwFileAttributes & DWORD(FILE_ATTRIBUTE_REPARSE_POINT) != 0
        ? .symbolicLink : raw.dwFileAttributes & DWORD(FILE_ATTRIBUTE_DIRECTORY) != 0 ? .directory : .file
      // Steps of 100 ns since 1601.
      let time = joined(raw.ftLastWriteTime.dwHighDateTime, raw.ftLastWriteTime.dwLowDateTime)
      return .success(
        FileSystem.Status(
          kind: GetFileType(file) == DWORD(FILE_TYPE_DISK) ? kind : .other,
          size: Int(joined(raw.nFileSizeHigh, raw.nFileSizeLow)), device: UInt64(raw.dwVolumeSerialNumber),
          inode: joined(raw.nFileIndexHigh, raw.nFileIndexLow), modifiedSeconds: Int(time / 10_000_000),
          modifiedNanoseconds: Int(time % 10_000_000) * 100))
    }

    static func exists(_ path: String) -> Bool { wide(path) { _waccess($0, 0) } == 0 }
    static func isWritable(_ folder: String) -> Bool { wide(folder) { _waccess($0, 2) } == 0 }

    static func resolve(_ path: String) -> Result<String, SystemError> {
      guard let resolved = wide(path, { _wfullpath(nil, $0, 0) }) else { return .failure(SystemError(errno)) }
      defer { free(resolved) }
      return .success(slashed(String(decodingCString: resolved, as: UTF16.self)))
    }

    static func list(_ path: String) -> Result<[String], SystemError> {
      var entry = WIN32_FIND_DATAW()
      let search = wide(path + "/*") { FindFirstFileW($0, &entry) }
      guard let search, search != INVALID_HANDLE_VALUE else { return .failure(SystemError(Int32(-failure()))) }
      defer { FindClose(search) }
      var names: [String] = []
      repeat {
        names.append(
          withUnsafeBytes(of: &entry.cFileName) { name in
            String(decoding: name.bindMemory(to: UInt16.self).prefix { $0 != 0 }, as: UTF16.self)
          })
      } while FindNextFileW(search, &entry)
      return .success(names)
    }

    static func freeBytes(at path: String) -> Result<Int, SystemError> {
      var bytes = ULARGE_INTEGER()
      guard wide(path, { GetDiskFreeSpaceExW($0, &bytes, nil, nil) }) else {
        return .failure(SystemError(Int32(-failure())))
      }
      return .success(Int(clamping: bytes.QuadPart))
    }

    static func makeDirectory(_ path: String) -> Int { result(Int(wide(path) { _wmkdir($0) })) }
    static func removeFile(_ path: String) -> Int { result(Int(wide(path) { _wunlink($0) })) }
    static func removeDirectory(_ path: String) -> Int { result(Int(wide(path) { _wrmdir($0) })) }
    static func exchange(_ first: String, _ second: String) -> Int { -Int(ENOSYS) }

    static func rename(_ old: String, to new: String) -> Int {
      wide(old) { old in
        wide(new) { MoveFileExW(old, $0, DWORD(MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH)) }
      } ? 0 : failure()
    }

    // A folder's entries are written with the file system's own log.
    static func synchronizeDirectory(_ path: String) -> Int { 0 }

    /// The most bytes of one call, whose count has 32 bits.
    private static let piece = 1 << 30

    private static func handle(_ descriptor: Int32) -> HANDLE {
      HANDLE(bitPattern: Int(_get_osfhandle(descriptor))) ?? INVALID_HANDLE_VALUE
    }

    private static func wide<Value>(_ text: String, _ body: (UnsafePointer<UInt16>) -> Value) -> Value {
      text.withCString(encodedAs: UTF16.self, body)
    }

    private static func slashed(_ path: String) -> String { String(path.map { $0 == "\\" ? "/" : $0 }) }

    private static func result(_ value: Int) -> Int { value >= 0 ? value : -Int(errno) }

    /// The last error of Win32 as one of the C library's, negative.
    private static func failure() -> Int {
      switch Int32(GetLastError()) {
      case ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND, ERROR_INVALID_NAME: -Int(ENOENT)
      case ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION, ERROR_WRITE_PROTECT: -Int(EACCES)
      case ERROR_FILE_EXISTS, ERROR_ALREADY_EXISTS: -Int(EEXIST)
      case ERROR_LOCK_VIOLATION, ERROR_IO_PENDING: -Int(EWOULDBLOCK)
      case ERROR_BROKEN_PIPE, ERROR_NO_DATA: -Int(EPIPE)
      case ERROR_DISK_FULL, ERROR_HANDLE_DISK_FULL: -Int(ENOSPC)
      case ERROR_NOT_SUPPORTED, ERROR_CALL_NOT_IMPLEMENTED, ERROR_INVALID_FUNCTION: -Int(ENOSYS)
      default: -Int(EIO)
      }
    }

    // MARK: Errors

    static func message(_ code: Int32) -> String {
      var text = [CChar](repeating: 0, count: 256)
      _ = strerror_s(&text, text.count, code)
      return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    // MARK: Memory

    private static var system: SYSTEM_INFO {
      var info = SYSTEM_INFO()
      GetSystemInfo(&info)
      return info
    }

    static var pageByteCount: Int { Int(system.dwPageSize) }

    static var physicalMemory: Int? {
      var memory = MEMORYSTATUSEX()
      memory.dwLength = DWORD(MemoryLayout<MEMORYSTATUSEX>.size)
      return GlobalMemoryStatusEx(&memory) ? Int(clamping: memory.ullTotalPhys) : nil
    }

    static func map(_ byteCount: Int) -> UnsafeMutableRawPointer? {
      VirtualAlloc(nil, SIZE_T(byteCount), DWORD(MEM_RESERVE | MEM_COMMIT), DWORD(PAGE_READWRITE))
    }

    static func unmap(_ pointer: UnsafeMutableRawPointer, _ byteCount: Int) {
      _ = VirtualFree(pointer, 0, DWORD(MEM_RELEASE))
    }

    private static var counters: PROCESS_MEMORY_COUNTERS? {
      var counters = PROCESS_MEMORY_COUNTERS()
      let size = DWORD(MemoryLayout<PROCESS_MEMORY_COUNTERS>.size)
      return K32GetProcessMemoryInfo(GetCurrentProcess(), &counters, size) ? counters : nil
    }

    static var residentBytes: Int? { counters.map { Int($0.WorkingSetSize) } }
    static var peakResidentBytes: Int? { counters.map { Int($0.PeakWorkingSetSize) } }

    // MARK: Processors

    static var processorCount: Int { Int(GetActiveProcessorCount(WORD(ALL_PROCESSOR_GROUPS))) }
    static func yield() { _ = SwitchToThread() }

    static var processorFlags: Set<String> {
      // PF_AVX2_INSTRUCTIONS_AVAILABLE and PF_AVX512F_INSTRUCTIONS_AVAILABLE. Every processor with AVX2 that Windows runs on has
      // FMA, F16C, BMI2 and LZCNT; of the parts of AVX-512 Windows tells the first alone, which is not enough.
      IsProcessorFeaturePresent(40) ? ["avx2", "fma", "f16c", "bmi2", "abm"] : []
    }

    // MARK: The process

    static var processIdentifier: Int32 { Int32(truncatingIfNeeded: GetCurrentProcessId()) }

    static var executablePath: String? {
      var path = [UInt16](repeating: 0, count: 1 << 15)
      let count = Int(GetModuleFileNameW(nil, &path, DWORD(path.count)))
      return count > 0 ? slashed(String(decoding: path[..<count], as: UTF16.self)) : nil
    }

    static var localTime: LocalTime {
      var time = SYSTEMTIME()
      GetLocalTime(&time)
      return LocalTime(
        year: Int(time.wYear), month: Int(time.wMonth), day: Int(time.wDay), hour: Int(time.wHour),
        minute: Int(time.wMinute), second: Int(time.wSecond))
    }

    static func environment(_ name: String) -> String? {
      wide(name) { _wgetenv($0) }.map { String(decodingCString: $0, as: UTF16.self) }
    }

    static func isTerminal(_ descriptor: Int32) -> Bool { _isatty(descriptor) != 0 }

    static func columns(_ descriptor: Int32) -> Int? {
      var screen = CONSOLE_SCREEN_BUFFER_INFO()
      guard GetConsoleScreenBufferInfo(handle(descriptor), &screen) else { return nil }
      return Int(screen.srWindow.Right) - Int(screen.srWindow.Left) + 1
    }

    // MARK: Signals

    static func keepStandardStreams() {}
    static func ignoreWriteSignals() {}

    static func watchTermination(_ handler: @convention(c) (Int32) -> Void) {
      for number in [SIGTERM, SIGINT] { _ = signal(number, handler) }
    }

    static func restoreTermination(_ number: Int32) { _ = signal(number, SIG_DFL) }
    static func exitAtOnce(_ status: Int32) -> Never { _exit(status) }
  }
#endif
