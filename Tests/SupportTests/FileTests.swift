import Foundation
import Support
import TestSupport
import Testing

/// Runs the body with a folder of its own, which is removed afterwards.
func withTemporaryFolder(_ body: (String) throws -> Void) throws {
  let url = FileManager.default.temporaryDirectory.appending(path: "svnup-tests-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: url) }
  try body(url.path(percentEncoded: false))
}

@Suite struct FileTests {
  @Test("Positional reads give the bytes, and a read past the end says where the file ends")
  func reads() throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "data")
      try File.replace(path, with: Array(0..<100))
      let file = try File(path)
      #expect(try file.read(count: 10, at: 90) == Array(90..<100))
      #expect(try file.read(count: 0, at: 100) == [])
      #expect(try File.contents(of: path) == Array(0..<100))
      #expect(try File.contents(of: path, limit: 100).count == 100)
      let early = try? thrown(FileError.self) { try file.read(count: 11, at: 90) }
      #expect(early?.reason == "the file ends at byte 100, 1 bytes early")
      #expect(early?.failureKind == .badData)
      let large = try? thrown(FileError.self) { try File.contents(of: path, limit: 99) }
      #expect(large?.failureKind == .badData)
      #expect(large?.description.hasPrefix("\(path): cannot read: ") == true)
    }
  }

  @Test("What is not a regular file is refused at once")
  func refusals() throws {
    try withTemporaryFolder { folder in
      let fifo = Path.join(folder, "fifo")
      #expect(mkfifo(fifo, 0o600) == 0)
      #expect(throws: FileError.self) { try File(fifo) }
      #expect(throws: FileError.self) { try File(folder) }
      #expect(throws: FileError.self) { try File("/dev/null") }
      let missing = try? thrown(FileError.self) { try File(Path.join(folder, "none")) }
      #expect(missing?.failureKind == .noInput)
    }
  }

  @Test("A file is replaced as a whole and leaves nothing beside it")
  func replaces() throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "f")
      try File.replace(path, with: [1, 2, 3])
      let before = try FileSystem.status(path)
      let open = try File(path)
      try File.replace(path, with: [4])
      #expect(try File.contents(of: path) == [4])
      #expect(try open.read(count: 3, at: 0) == [1, 2, 3], "a reader keeps the old contents")
      #expect(try FileSystem.status(path) != before)
      #expect(try FileSystem.list(folder) == ["f"])
      let directory = Path.join(folder, "d")
      try FileSystem.makeDirectory(directory)
      #expect(throws: FileError.self) { try File.replace(directory, with: [1]) }
      let nowhere = try? thrown(FileError.self) { try File.replace(Path.join(folder, "x/y"), with: [1]) }
      #expect(nowhere?.failureKind == .cannotCreate)
      #expect(try FileSystem.list(folder) == ["d", "f"])
    }
  }

  @Test("Many threads replace one file; each reader sees one of the texts as a whole")
  func concurrentReplacement() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "svnup-tests-\(UUID().uuidString)").path()
    try FileSystem.makeDirectory(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = Path.join(folder, "f")
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in UInt8(0)..<8 {
        group.addTask {
          for _ in 0..<10 { try File.replace(path, with: [UInt8](repeating: writer, count: 1000)) }
          #expect(try Set(File.contents(of: path)).count == 1)
        }
      }
      try await group.waitForAll()
    }
    #expect(try FileSystem.list(folder) == ["f"])
  }

  @Test(
    "Parts of paths",
    arguments: [
      ("/a/b/c", "/a/b", "c"), ("a/b", "a", "b"), ("a", ".", "a"), ("/a", "/", "a"), ("a/", ".", "a"),
      ("/a/b/", "/a", "b"), ("./a", ".", "a"), ("../a", "..", "a"), ("/", "/", "/"), ("a//b", "a", "b"),
    ])
  func paths(path: String, parent: String, name: String) {
    #expect(Path.parent(of: path) == parent)
    #expect(Path.name(of: path) == name)
  }

  @Test("A separator in front of a combining mark is a separator")
  func combiningMarks() {
    let path = Path.join("a/b/", "\u{301}c")
    #expect(Path.name(of: path).utf8.elementsEqual("\u{301}c".utf8))
    #expect(Path.parent(of: path) == "a/b")
    #expect(Path.join("a\u{301}", "\u{301}c") == "a\u{301}/\u{301}c")
  }

  @Test func joinedPaths() {
    #expect(Path.join("a", "b") == "a/b")
    #expect(Path.join("a/", "b") == "a/b")
    #expect(Path.join("/", "b") == "/b")
  }
}
