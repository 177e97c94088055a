/// Everything that svnup asks of an operating system.
///
/// `System` conforms to it once for each kind of system, in a file of its own: `POSIX.swift`, `Windows.swift`, `WASI.swift`; what they share is
/// in `CLibrary.swift`. No other file imports a C library. A call that fails returns the number of its error, negative; what succeeds returns zero or more.
protocol OperatingSystem {
  // MARK: Files

  /// Opens a file and returns its descriptor, which a new program does not inherit.
  static func open(_ path: String, _ mode: OpeningMode) -> Int
  static func close(_ descriptor: Int32)
  /// Reads what is there, at most as much as the buffer holds: 0 at the end.
  static func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int
  /// The same from an offset; several threads may read one file.
  static func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> Int
  /// Writes at least one byte and returns how many; called from a handler of signals too.
  static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int
  /// Returns when the bytes are on the disk.
  static func synchronize(_ descriptor: Int32) -> Int
  static func truncate(_ descriptor: Int32, to size: Int) -> Int
  /// Locks an open file against other processes, and other descriptors, without waiting.
  static func lock(_ descriptor: Int32) -> Int
  static func unlock(_ descriptor: Int32)

  static func status(_ path: String, followingLinks: Bool) -> Result<FileSystem.Status, SystemError>
  static func status(of descriptor: Int32) -> Result<FileSystem.Status, SystemError>
  static func exists(_ path: String) -> Bool
  /// Whether files may be made in a folder.
  static func isWritable(_ folder: String) -> Bool
  /// The absolute path with every symbolic link followed.
  static func resolve(_ path: String) -> Result<String, SystemError>
  /// Names in a folder, in any order, with or without `.` and `..`.
  static func list(_ path: String) -> Result<[String], SystemError>
  /// Bytes that an unprivileged user may still write below a path.
  static func freeBytes(at path: String) -> Result<Int, SystemError>

  static func makeDirectory(_ path: String) -> Int
  /// Gives a file or folder another name, in place of a file that has it.
  static func rename(_ old: String, to new: String) -> Int
  /// Lets two paths change places in one step.
  static func exchange(_ first: String, _ second: String) -> Int
  static func removeFile(_ path: String) -> Int
  static func removeDirectory(_ path: String) -> Int
  /// Brings a folder's entries to the disk.
  static func synchronizeDirectory(_ path: String) -> Int

  // MARK: Errors

  /// What the system says about the number of an error.
  static func message(_ code: Int32) -> String
  static func meaning(_ code: Int32) -> SystemError.Meaning

  // MARK: Memory

  static var pageByteCount: Int { get }
  /// Bytes of main memory; nil where the system does not tell.
  static var physicalMemory: Int? { get }
  /// Zeros in whole pages, whose memory is taken when they are first touched; nil where there is no room.
  static func map(_ byteCount: Int) -> UnsafeMutableRawPointer?
  static func unmap(_ pointer: UnsafeMutableRawPointer, _ byteCount: Int)
  /// Resident bytes at this moment, and the most so far; nil where the system does not tell.
  static var residentBytes: Int? { get }
  static var peakResidentBytes: Int? { get }

  // MARK: Processors

  static var processorCount: Int { get }
  /// The instruction-set flags of the processor by Linux's names; empty where the system does not tell.
  static var processorFlags: Set<String> { get }
  /// Lets another thread that is ready have this processor.
  static func yield()

  // MARK: The process

  static var processIdentifier: Int32 { get }
  static var executablePath: String? { get }
  static func environment(_ name: String) -> String?
  static func exit(_ status: Int32) -> Never
  static func isTerminal(_ descriptor: Int32) -> Bool
  /// Columns of a terminal; nil where there is none.
  static func columns(_ descriptor: Int32) -> Int?

  /// The time of the machine's clock, where it is.
  static var localTime: LocalTime { get }

  // MARK: Signals

  /// Sees to it that no file which is opened takes the place of a standard stream that was closed, whose use fails all the same.
  static func keepStandardStreams()
  /// Makes a write that nobody reads, or that is over a limit on file sizes, fail instead of ending the process.
  static func ignoreWriteSignals()
  /// Has requests to end the process, SIGTERM and SIGINT, call a handler with their number.
  static func watchTermination(_ handler: @convention(c) (Int32) -> Void)
  /// Has the next such request end the process.
  static func restoreTermination(_ number: Int32)
  /// Ends the process from a handler of signals.
  static func exitAtOnce(_ status: Int32) -> Never

  // MARK: Elementary functions

  static func exponential(_ x: Double) -> Double
  static func logarithm(_ x: Double) -> Double
  static func power(_ x: Double, _ y: Double) -> Double
  static func sine(_ x: Double) -> Double
  static func cosine(_ x: Double) -> Double
  static func arcTangent(_ x: Double) -> Double
}

/// What a file is opened for.
enum OpeningMode {
  /// To be read; a FIFO answers at once.
  case reading
  /// To be read from its start as a stream, a pipe or one of the system's own.
  case streaming
  /// To be written; it must not be there yet.
  case creating
  /// To be read and appended to, made where it is not there.
  case appending
  /// To be locked, a file or a folder, and nothing that a link leads to.
  case locking
  /// The same, made where it is not there.
  case creatingLock
}

/// The number of an error of the system.
struct SystemError: Error {
  let code: Int32

  init(_ code: Int32) { self.code = code }

  /// What an error means to us.
  enum Meaning {
    /// A signal came; the call can be made again.
    case interrupted
    /// Nobody reads what is written.
    case brokenPipe
    case nameTaken
    /// Somebody else has a lock.
    case wouldBlock
    /// The path leads to nothing of the kind.
    case wrongPath
    case forbidden
    /// The system, or the file system, cannot do such a thing at all.
    case unsupported
    case other
  }
}
