import Foundation
import Support
import Tensor
import TestSupport
import Testing

/// The index of a sharded checkpoint and the files it names.
@Suite struct ShardTests {
  static let indexName = "model.safetensors.index.json"

  /// A shard of U8 vectors with these names, one byte each.
  static func shard(_ names: String...) -> [UInt8] {
    let members = names.enumerated().map {
      "\"\($1)\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[\($0),\($0 + 1)]}"
    }
    return safetensors("{\(members.joined(separator: ","))}", dataCount: names.count)
  }

  static func index(_ map: [(String, String)]) -> String {
    "{\"weight_map\":{\(map.map { "\"\($0)\":\"\($1)\"" }.joined(separator: ","))}}"
  }

  /// Opens a folder with these files, whose names may be equal as `String`, and an index.
  static func open(_ files: KeyValuePairs<String, [UInt8]>, index: String) throws -> Checkpoint {
    try withTemporaryFolder { folder in
      for (name, bytes) in files { try write(bytes, to: Path.join(folder, name)) }
      try write(Array(index.utf8), to: Path.join(folder, indexName))
      return try Checkpoint(directory: folder)
    }
  }

  /// The error of opening it, and the name of the file that it is about; checks the form of its description.
  static func failure(
    _ files: KeyValuePairs<String, [UInt8]>, index: String, naming words: String...,
    status: FailureKind = .badData,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> (file: String, problem: CheckpointError.Problem) {
    let error = try thrown(CheckpointError.self, sourceLocation: sourceLocation) {
      try open(files, index: index)
    }
    expectOneLine(error, file: error.file, naming: words, sourceLocation: sourceLocation)
    #expect(error.failureKind == status, sourceLocation: sourceLocation)
    return (Path.name(of: error.file), error.problem)
  }

  @Test("Numbered shards without an index are read in the order of their numbers, whatever the width of these")
  func numbered() throws {
    try withTemporaryFolder { folder in
      for number in 1...11 {
        try write(Self.shard("t\(number)"), to: Path.join(folder, "model-\(number)-of-11.safetensors"))
      }
      let checkpoint = try Checkpoint(directory: folder)
      #expect(checkpoint.shards.map { "\($0.entries[0].name)" } == (1...11).map { "t\($0)" })
    }
  }

  @Test("Whether two tensors are the same is found piece by piece, in one file or in two")
  func equality() throws {
    try withTemporaryFolder { folder in
      let size = File.pieceSize + 5
      var data = [UInt8](repeating: 7, count: 3 * size)
      data[3 * size - 1] = 8
      let members = (0..<3).map {
        "\"\($0)\":{\"dtype\":\"U8\",\"shape\":[\(size)],\"data_offsets\":[\($0 * size),\(($0 + 1) * size)]}"
      }
      let path = Path.join(folder, "model.safetensors")
      try write(safetensors(Array("{\(members.joined(separator: ","))}".utf8), data: data), to: path)
      let (file, again) = (try SafetensorsFile(path: path), try SafetensorsFile(path: path))
      #expect(try file.isSame("0", as: "1", of: file) && file.isSame("1", as: "0", of: again))
      #expect(try !file.isSame("0", as: "2", of: file))
      #expect(throws: CheckpointError.self) { try file.isSame("0", as: "3", of: file) }
      let other = Path.join(folder, "other.safetensors")
      try write(Self.shard("a"), to: other)
      #expect(try !file.isSame("0", as: "a", of: SafetensorsFile(path: other)))
    }
  }

  @Test("The index that the malformed ones are variations of is read")
  func wellFormed() throws {
    let checkpoint = try Self.open(
      ["1": Self.shard("a", "b"), "2": Self.shard("c", "extra")],
      index: Self.index([("a", "1"), ("b", "1"), ("c", "2")]))
    #expect(checkpoint.shards.count == 2)
    #expect(checkpoint.fileNames == ["1", "2", Self.indexName])
    #expect(checkpoint.shard(of: "a")?.path.hasSuffix("/1") == true)
    #expect(checkpoint.shard(of: "extra")?.path.hasSuffix("/2") == true)
    #expect(checkpoint.shard(of: "d") == nil)
  }

  @Test(
    "Case 24: a shard's name that leaves the folder",
    arguments: ["../../etc/x", "/etc/passwd", "a/b", "./1", "..", ".", "", "1/", "x\\u0000y"])
  func unsafePath(name: String) throws {
    let found = try Self.failure(["1": Self.shard("a")], index: Self.index([("a", name)]), naming: "weight_map")
    #expect(found.file == Self.indexName)
    #expect(found.problem == .unsafeShardPath(name.replacing("\\u0000", with: "\0")))
  }

  @Test(
    "Shards whose names are equal under Unicode normalisation, or begin with a combining mark, are files of their own")
  func canonicallyEqualShards() throws {
    let names = ["\u{E9}", "e\u{301}", "\u{301}a"]
    let checkpoint = try Self.open(
      [names[0]: Self.shard("a"), names[1]: Self.shard("b"), names[2]: Self.shard("c")],
      index: Self.index([("a", names[0]), ("b", names[1]), ("c", names[2])]))
    #expect(checkpoint.shards.count == 3)
    #expect(checkpoint.shard(of: "a") !== checkpoint.shard(of: "b"))
  }

  @Test("Case 25: a shard that is missing")
  func missingShard() throws {
    let found = try Self.failure(
      ["1": Self.shard("a")], index: Self.index([("a", "1"), ("b", "2")]), naming: "cannot open", status: .noInput)
    #expect(found.file == "2")
  }

  @Test("Case 26: a tensor in two shards")
  func duplicateTensor() throws {
    let found = try Self.failure(
      ["1": Self.shard("a"), "2": Self.shard("b", "a")], index: Self.index([("a", "1"), ("b", "2")]), naming: "'a'",
      "/1")
    #expect(found.file == "2")
    guard case .duplicateTensor("a", let other) = found.problem else {
      Issue.record("\(found.problem)")
      return
    }
    #expect(other.hasSuffix("/1"))
  }

  @Test("Case 27: a tensor that is not in the shard the index names, or in none")
  func notInShard() throws {
    let files: KeyValuePairs = ["1": Self.shard("a"), "2": Self.shard("b")]
    for tensor in ["b", "c"] {
      let found = try Self.failure(
        files, index: Self.index([("a", "1"), (tensor, "1"), ("b2", "2")]), naming: "'\(tensor)'")
      #expect(found.file == Self.indexName)
      #expect(found.problem == .notInShard(tensor: tensor, shard: "1"))
    }
  }

  @Test("Case 28: a FIFO, a directory or a device as a shard is refused at once", .timeLimit(.minutes(15)))
  func notAFile() throws {
    for kind in ["fifo", "directory", "device"] {
      try withTemporaryFolder { folder in
        try write(Array(Self.index([("a", "1")]).utf8), to: Path.join(folder, Self.indexName))
        let path = Path.join(folder, "1")
        switch kind {
        case "fifo": #expect(mkfifo(path, 0o600) == 0)
        case "directory": try FileSystem.makeDirectory(path)
        default: try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/zero")
        }
        let start = ContinuousClock.now
        let error = try thrown(CheckpointError.self) { try Checkpoint(directory: folder) }
        #expect(ContinuousClock.now - start < .seconds(60), "it waited")
        expectOneLine(
          error, file: path, naming: ["cannot open", kind == "directory" ? "a directory" : "not a regular file"])
        #expect(error.failureKind == .noInput)
      }
    }
  }

  @Test("An index that is no JSON, or has no map of strings")
  func malformedIndex() throws {
    for (text, field) in [
      ("", "the index"), ("{\"weight_map\":", "the index"), ("[]", "weight_map"), ("{}", "weight_map"),
      ("{\"weight_map\":[]}", "weight_map"), ("{\"weight_map\":{\"a\":1}}", "weight_map"),
      ("{\"weight_map\":{\"a\":\"1\",\"\\u0061\":\"1\"}}", "the index"),
      (String(repeating: "[", count: 100_000), "the index"),
    ] {
      let found = try Self.failure(["1": Self.shard("a")], index: text, naming: field)
      guard case .malformedIndex(field, _) = found.problem else {
        Issue.record("\(text.prefix(40)): \(found.problem)")
        continue
      }
    }
  }

  @Test("A Git LFS pointer in place of a shard or of the index is called by its name")
  func largeFilePointers() throws {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n"
    let shard = try Self.failure(["1": Array(pointer.utf8)], index: Self.index([("a", "1")]), naming: "git lfs pull")
    #expect(shard.file == "1")
    #expect(shard.problem == .largeFilePointer)
    let index = try Self.failure(["1": Self.shard("a")], index: pointer, naming: "git lfs pull")
    #expect(index.file == Self.indexName)
    #expect(index.problem == .largeFilePointer)
  }

  @Test("A folder without weights, no folder, and a file that is missing end with 'no input'")
  func missingFiles() throws {
    try withTemporaryFolder { folder in
      for directory in [folder, Path.join(folder, "none")] {
        let error = try thrown(CheckpointError.self) { try Checkpoint(directory: directory) }
        expectOneLine(error, file: directory, naming: ["model.safetensors", Self.indexName])
        #expect(error.failureKind == .noInput)
      }
      let path = Path.join(folder, "none.safetensors")
      let error = try thrown(CheckpointError.self) { try SafetensorsFile(path: path) }
      expectOneLine(error, file: path, naming: ["cannot open"])
      #expect(error.failureKind == .noInput)
    }
  }

  @Test("What a tensor is asked for and is not: missing, of another shape, of another type")
  func wrongRequests() throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "model.safetensors")
      try write(
        safetensors("{\"w\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,16]}}", dataCount: 16), to: path)
      let checkpoint = try Checkpoint(directory: folder)
      let missing = try thrown(CheckpointError.self) { try checkpoint.vector("v", count: 2) }
      #expect(missing.problem == .missingTensor("v"))
      expectOneLine(missing, file: folder, naming: ["'v'"])
      let shape = try thrown(CheckpointError.self) { try checkpoint.vector("w", count: 3) }
      #expect(shape.problem == .wrongShape(tensor: "w", expected: [3], found: [2]))
      let rank = try thrown(CheckpointError.self) { try checkpoint.matrix("w", rows: 1, columns: 2) }
      #expect(rank.problem == .wrongShape(tensor: "w", expected: [1, 2], found: [2]))
      let type = try thrown(CheckpointError.self) { try checkpoint.vector("w", count: 2) }
      #expect(type.problem == .unsupportedElementType(tensor: "w", type: "F64"))
      expectOneLine(type, file: path, naming: ["'w'", "F64"])
    }
  }

  @Test("Case 59: a file that is replaced or cut short while it is open is noticed")
  func replacement() throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "model.safetensors")
      let bytes = Self.shard("a", "b")
      try write(bytes, to: path)
      let file = try SafetensorsFile(path: path)
      try file.checkUnchanged()
      let handle = try #require(FileHandle(forWritingAtPath: path))
      try handle.truncate(atOffset: UInt64(bytes.count - 1))
      try handle.close()
      #expect(try file.bytes(of: "a") == [0])
      let short = try thrown(CheckpointError.self) { try file.bytes(of: "b") }
      #expect(short.failureKind == .badData)
      expectOneLine(short, file: path, naming: ["byte \(bytes.count - 1)"])
      let changed = try thrown(CheckpointError.self) { try file.checkUnchanged() }
      #expect(changed.problem == .replaced)
      try FileSystem.removeFile(path)
      #expect(throws: CheckpointError.self) { try file.checkUnchanged() }
    }
  }
}
