/// Facts about the process and the machine.
package enum Process {
  /// Processors that are online; at least 1.
  package static var processorCount: Int { max(1, System.processorCount) }

  /// Lets another thread that is ready have this processor.
  package static func yield() { System.yield() }

  /// Bytes of main memory; the largest Int where the system does not tell.
  package static var physicalMemory: Int { System.physicalMemory ?? .max }

  /// The value of an environment variable, or nil where it is not set.
  package static func environment(_ name: String) -> String? { System.environment(name) }

  /// The place of the first argument that is not UTF-8, of which Swift would make another text; nil where all are.
  package static var firstIllFormedArgument: Int? {
    (1..<max(1, Int(CommandLine.argc))).first { place in
      guard let argument = CommandLine.unsafeArgv[place] else { return false }
      var count = 0
      while argument[count] != 0 { count += 1 }
      let bytes = UnsafeRawBufferPointer(start: argument, count: count)
      return UTF8Validation.firstInvalidOffset(in: bytes.bindMemory(to: UInt8.self)) != nil
    }
  }

  /// Sees to it that no file which is opened takes the place of a standard stream that was closed, whose use fails all the same.
  package static func keepStandardStreams() { System.keepStandardStreams() }

  /// Makes a write that nobody reads, or that is over a limit on file sizes, fail instead of ending the process.
  package static func ignoreWriteSignals() { System.ignoreWriteSignals() }

  /// Ends the process.
  package static func end(_ status: Int32) -> Never { System.exit(status) }

  /// Largest resident set so far, in bytes; 0 where the system does not tell.
  package static var peakResidentBytes: Int { System.peakResidentBytes ?? 0 }

  /// Resident bytes at this moment; the largest number so far where the system does not tell.
  package static var residentBytes: Int { System.residentBytes ?? peakResidentBytes }

  /// The absolute path of the running executable, or nil where the system does not tell.
  package static var executablePath: String? { System.executablePath }

  /// The instruction-set flags that the operating system reports for the processor; empty where it reports none.
  package static let processorFlags = System.processorFlags
}

/// Memory straight from the system, in whole pages.
package enum Pages {
  private static let size = max(4096, System.pageByteCount)

  /// `byteCount` in whole pages.
  package static func rounded(_ byteCount: Int) -> Int { (byteCount + size - 1) / size * size }

  /// Zeros, `byteCount` of them, which must be whole pages; their memory is taken when they are first touched.
  ///
  /// Ends the process where the address space has no room, as every allocation does.
  package static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
    guard let pointer = System.map(byteCount) else { preconditionFailure("no memory for \(byteCount) bytes") }
    return pointer
  }

  /// Gives a block back that `allocate` returned.
  package static func release(_ pointer: UnsafeMutableRawPointer, _ byteCount: Int) { System.unmap(pointer, byteCount) }
}
