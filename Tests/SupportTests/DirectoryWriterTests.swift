import Foundation
import Support
import TestSupport
import Testing

@Suite struct DirectoryWriterTests {
  @Test("A folder appears at the commit, complete, and nothing stays beside it")
  func commits() throws {
    try withTemporaryFolder { folder in
      let target = Path.join(folder, "model")
      let writer = try DirectoryWriter(target: target, replacing: false)
      try writer.write("a", [1, 2])
      let file = try writer.create("b")
      try file.append([3])
      try file.append([4])
      try file.synchronize()
      #expect(!FileSystem.exists(target))
      try writer.commit()
      #expect(try FileSystem.list(folder) == ["model"])
      #expect(try FileSystem.list(target) == ["a", "b"])
      #expect(try File.contents(of: Path.join(target, "b")) == [3, 4])
    }
  }

  @Test("A writer that is dropped leaves nothing")
  func dropped() throws {
    try withTemporaryFolder { folder in
      for replacing in [false, true] {
        let writer = try DirectoryWriter(target: Path.join(folder, "model"), replacing: replacing)
        try writer.write("a", [1, 2])
        try FileSystem.makeDirectory(Path.join(writer.temporary, "inner"))
        try File.replace(Path.join(writer.temporary, "inner/b"), with: [3])
        #expect(try FileSystem.list(folder).count == 1)
      }
      #expect(try FileSystem.list(folder) == [])
    }
  }

  @Test("An existing target is refused before anything is written, unless it is to be replaced")
  func existingTarget() throws {
    try withTemporaryFolder { folder in
      let target = Path.join(folder, "model")
      try FileSystem.makeDirectory(target)
      try File.replace(Path.join(target, "old"), with: [1])
      let refused = try? thrown(FileError.self) { try DirectoryWriter(target: target, replacing: false) }
      #expect(refused?.failureKind == .cannotCreate)
      #expect(refused?.isForExistingOutput == true)
      #expect(try FileSystem.list(folder) == ["model"])

      let writer = try DirectoryWriter(target: target, replacing: true)
      try writer.write("new", [2])
      #expect(try FileSystem.list(target) == ["old"])
      try writer.commit()
      #expect(try FileSystem.list(target) == ["new"])
      #expect(try FileSystem.list(folder) == ["model"])
    }
  }

  @Test("A target that is a file or a link, or whose parent is missing, is refused even with replacing")
  func impossibleTargets() throws {
    try withTemporaryFolder { folder in
      let file = Path.join(folder, "file")
      try File.replace(file, with: [1])
      let link = Path.join(folder, "link")
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder)
      for target in [file, link, Path.join(folder, "no/model"), Path.join(file, "model")] {
        let error = try? thrown(FileError.self) { try DirectoryWriter.check(target, replacing: true) }
        #expect(error?.failureKind == .cannotCreate)
        #expect(throws: FileError.self) { try DirectoryWriter(target: target, replacing: true) }
      }
      #expect(try FileSystem.list(folder) == ["file", "link"])
    }
  }

  @Test("A target that appeared in the meantime is not overwritten")
  func lateTarget() throws {
    try withTemporaryFolder { folder in
      let target = Path.join(folder, "model")
      do {
        let writer = try DirectoryWriter(target: target, replacing: false)
        try writer.write("a", [1])
        try FileSystem.makeDirectory(target)
        try File.replace(Path.join(target, "theirs"), with: [2])
        #expect(throws: FileError.self) { try writer.commit() }
      }
      #expect(try FileSystem.list(folder) == ["model"])
      #expect(try FileSystem.list(target) == ["theirs"])
    }
  }

  @Test("Two writers for one target do not touch each other's files")
  func twoWriters() throws {
    try withTemporaryFolder { folder in
      let target = Path.join(folder, "model")
      let first = try DirectoryWriter(target: target, replacing: true)
      try first.write("a", [1])
      do {
        let second = try DirectoryWriter(target: target, replacing: true)
        try second.write("b", [2])
        #expect(first.temporary != second.temporary)
      }
      try first.commit()
      #expect(try FileSystem.list(target) == ["a"])
      #expect(try FileSystem.list(folder) == ["model"])
    }
  }
}
