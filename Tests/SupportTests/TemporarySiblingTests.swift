import Foundation
import Support
import TestSupport
import Testing

/// What is found beside a target that a process was writing when it died.
@Suite struct UnfinishedTests {
  /// A folder with one file in it.
  private func makeFolder(_ path: String, holding name: String = "half") throws {
    try FileSystem.makeDirectory(path)
    try Data([1]).write(to: URL(filePath: Path.join(path, name)))
  }

  @Test("What dead processes left beside a target, the next writer removes, under whichever numbers they ran")
  func abandonedFolders() throws {
    try withTemporaryFolder { folder in
      let numbers = ["1", "\(FileSystem.processIdentifier)", "\(FileSystem.processIdentifier)-1", "77-12"]
      for number in numbers { try makeFolder(Path.join(folder, ".model.svnup-\(number)")) }
      try makeFolder(Path.join(folder, ".model.svnup-1/inner"))
      let writer = try DirectoryWriter(target: Path.join(folder, "model"), replacing: true)
      #expect(try FileSystem.list(folder) == [Path.name(of: writer.temporary)])
      try writer.write("a", [1])
      try writer.commit()
      #expect(try FileSystem.list(folder) == ["model"])
    }
  }

  @Test("A check before the work removes it too, also where the target is refused")
  func check() throws {
    try withTemporaryFolder { folder in
      for target in ["model", "model/"] {
        try makeFolder(Path.join(folder, ".model.svnup-1"))
        try DirectoryWriter.check(Path.join(folder, target), replacing: false)
        #expect(try FileSystem.list(folder) == [])
      }
      try makeFolder(Path.join(folder, "model"))
      try makeFolder(Path.join(folder, ".model.svnup-1"))
      #expect(throws: FileError.self) {
        try DirectoryWriter.check(Path.join(folder, "model"), replacing: false)
      }
      #expect(try FileSystem.list(folder) == ["model"])
    }
  }

  @Test("What only looks like it stays: other names, other targets, links, what a living process holds")
  func livingAndOthers() throws {
    try withTemporaryFolder { folder in
      let target = Path.join(folder, "model")
      let others = [
        ".model.svnup", ".model.svnup-x", ".model.svnup-1x", ".model.svnup-old", ".model.svnup-old-x",
        ".model2.svnup-1", ".mode.svnup-1", "model.svnup-1", ".old.model.svnup-1",
      ]
      for name in others { try makeFolder(Path.join(folder, name)) }
      let elsewhere = Path.join(folder, "elsewhere")
      try makeFolder(elsewhere)
      try FileManager.default.createSymbolicLink(
        atPath: Path.join(folder, ".model.svnup-5"), withDestinationPath: elsewhere)
      let living = try DirectoryWriter(target: target, replacing: true)
      try living.write("mine", [1])
      do {
        let writer = try DirectoryWriter(target: target, replacing: true)
        try writer.write("a", [1])
        try writer.commit()
      }
      let expected = others + ["elsewhere", ".model.svnup-5", "model", Path.name(of: living.temporary)]
      #expect(try FileSystem.list(folder) == expected.sorted())
      #expect(try FileSystem.list(elsewhere) == ["half"])
      try living.commit()
      #expect(try FileSystem.list(target) == ["mine"])
    }
  }

  @Test("A target that a dead process had put aside is put back, and removed where the new one is in place")
  func aside() throws {
    try withTemporaryFolder { folder in
      let (target, aside) = (Path.join(folder, "model"), Path.join(folder, ".model.svnup-old-3"))
      try makeFolder(aside, holding: "old")
      try makeFolder(Path.join(folder, ".model.svnup-3"), holding: "new")
      let refused = try? thrown(FileError.self) { try DirectoryWriter.check(target, replacing: false) }
      #expect(refused?.reason == "it exists")
      #expect(try FileSystem.list(folder) == ["model"])
      #expect(try FileSystem.list(target) == ["old"])

      try makeFolder(aside, holding: "older")
      try DirectoryWriter.check(target, replacing: true)
      #expect(try FileSystem.list(folder) == ["model"])
      #expect(try FileSystem.list(target) == ["old"])

      // The name was reserved, and nothing was moved yet.
      FileSystem.removeTree(target)
      try FileSystem.makeDirectory(aside)
      try DirectoryWriter.check(target, replacing: true)
      #expect(try FileSystem.list(folder) == [])
    }
  }

  @Test("A file that a dead process was replacing: what it left is removed")
  func abandonedFile() throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "values.json")
      for number in ["1", "\(FileSystem.processIdentifier)"] {
        try Data([9]).write(to: URL(filePath: Path.join(folder, ".values.json.svnup-\(number)")))
      }
      try File.replace(path, with: [1])
      #expect(try FileSystem.list(folder) == ["values.json"])
      try Data([9]).write(to: URL(filePath: Path.join(folder, ".values.json.svnup-1")))
      try File.rehearse(path)
      #expect(try FileSystem.list(folder) == ["values.json"])
      #expect(try File.contents(of: path) == [1])
    }
  }

  @Test("A lock excludes others until it is dropped, and is on a file rather than on its name")
  func locks() throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "f")
      guard case .gone = FileLock.take(path) else {
        Issue.record("a lock on nothing")
        return
      }
      try Data().write(to: URL(filePath: path))
      func isTaken() -> Bool { if case .taken = FileLock.take(path) { true } else { false } }
      do {
        let lock = FileLock.take(path)
        guard case .held = FileLock.take(path) else {
          Issue.record("a lock that two have")
          return
        }
        try FileSystem.rename(path, to: Path.join(folder, "g"))
        try Data().write(to: URL(filePath: path))
        #expect(isTaken())
        try FileSystem.rename(Path.join(folder, "g"), to: path)
        #expect(!isTaken())
        withExtendedLifetime(lock) {}
      }
      #expect(isTaken())
      try FileManager.default.createSymbolicLink(atPath: Path.join(folder, "link"), withDestinationPath: path)
      guard case .unsupported = FileLock.take(Path.join(folder, "link")) else {
        Issue.record("a lock on a link")
        return
      }
    }
  }
}
