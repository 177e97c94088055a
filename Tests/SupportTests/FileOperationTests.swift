import Foundation
import Support
import Synchronization
import TestSupport
import Testing

/// Every change to the file system passes the interceptor.
@Suite struct FileOperationTests {
  @Test("A folder is made of these operations in this order, and replaced by one exchange", arguments: [false, true])
  func folder(isReplacing: Bool) throws {
    try withTemporaryFolder { folder in
      let target = Path.join(folder, "model")
      if isReplacing { try DirectoryWriter(target: target, replacing: false).commit() }
      let log = OperationLog()
      try log.record {
        let writer = try DirectoryWriter(target: target, replacing: true)
        try writer.write("a", [1, 2])
        try writer.commit()
      }
      let writing: [FileOperation] = [.makeDirectory, .create, .write, .synchronize, .close, .synchronizeDirectory]
      let placing: [FileOperation] =
        isReplacing ? [.exchange, .synchronizeDirectory, .removeDirectory] : [.rename, .synchronizeDirectory]
      #expect(log.operations == writing + placing)
      #expect(try FileSystem.list(target) == ["a"])
    }
  }

  @Test("Where two folders cannot change places, the old one is moved aside and removed last")
  func aside() throws {
    try withTemporaryFolder { folder in
      let target = Path.join(folder, "model")
      try DirectoryWriter(target: target, replacing: false).commit()
      let log = OperationLog { operation, _ in operation == .exchange ? ENOSYS : 0 }
      try log.record { try DirectoryWriter(target: target, replacing: true).commit() }
      #expect(
        log.operations == [
          .makeDirectory, .synchronizeDirectory, .exchange, .makeDirectory, .rename, .rename, .synchronizeDirectory,
          .removeDirectory,
        ])
      #expect(try FileSystem.list(folder) == ["model"])
    }
  }

  @Test("A failing operation is the error of the call, and no temporary file stays")
  func fileReplacement() throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "values.json")
      try File.replace(path, with: [1])
      let log = OperationLog()
      try log.record { try File.replace(path, with: [1]) }
      #expect(log.operations == [.create, .write, .synchronize, .rename, .synchronizeDirectory, .close])
      for (index, operation) in log.operations.enumerated() {
        let failing = OperationLog { _, count in count == index ? ENOSPC : 0 }
        let value = UInt8(10 + index)
        let error = failing.error { try File.replace(path, with: [value]) }
        #expect((error?.failureKind == .inputOutput) == (operation != .close), "\(operation)")
        // Only the last two follow the rename.
        #expect(try (File.contents(of: path) == [value]) == (index >= 4), "\(operation)")
        #expect(try FileSystem.list(folder) == ["values.json"], "\(operation)")
      }
    }
  }

  @Test("An interrupted operation is done again")
  func interruption() throws {
    try withTemporaryFolder { folder in
      let log = OperationLog { operation, count in count % 2 == 0 && operation != .close ? EINTR : 0 }
      try log.record { try File.replace(Path.join(folder, "f"), with: [1]) }
      #expect(try File.contents(of: Path.join(folder, "f")) == [1])
      #expect(log.operations.prefix(4) == [.create, .create, .write, .write])
    }
  }
}
