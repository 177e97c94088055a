import Foundation
import Support
import Tensor
import TestSupport
import Testing
import Transformer

/// Files of token ids, well-formed and not.
@Suite struct TokenFileTests {
  /// A `.npy` file.
  static func numpy(
    version: UInt8 = 1, descr: String = "<i8", fortran: String = "False", shape: String, _ data: [UInt8]
  ) -> [UInt8] {
    numpy(version: version, header: "{'descr': '\(descr)', 'fortran_order': \(fortran), 'shape': \(shape), }\n", data)
  }

  static func numpy(version: UInt8 = 1, header: String, _ data: [UInt8]) -> [UInt8] {
    let count = header.utf8.count
    let length = (0..<(version == 1 ? 2 : 4)).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
    var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8)
    bytes += [version, 0]
    bytes += length
    return bytes + Array(header.utf8) + data
  }

  static func bytes<Integer: FixedWidthInteger>(_ ids: [Int], _ type: Integer.Type) -> [UInt8] {
    ids.flatMap { id in
      let bits = Integer(id).littleEndian
      return withUnsafeBytes(of: bits) { Array($0) }
    }
  }

  /// Reads bytes as a file with the given extension.
  static func read(_ bytes: [UInt8], _ name: String = "ids.npy") throws -> TokenFile {
    let folder = FileManager.default.temporaryDirectory.appending(path: "svnup-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: name)
    try Data(bytes).write(to: file)
    return try TokenFile(path: file.path)
  }

  @Test(arguments: [UInt8(1), 2, 3])
  func versionsAndWidths(_ version: UInt8) throws {
    let ids = [0, 1, 50_271, 2_147_483_647, 7, 31_999]
    for (descr, data) in [("<i8", Self.bytes(ids, Int64.self)), ("<i4", Self.bytes(ids, Int32.self))] {
      let stream = try Self.read(Self.numpy(version: version, descr: descr, shape: "(6,)", data))
      #expect(stream == .stream(ids))
      let rows = try Self.read(Self.numpy(version: version, descr: descr, shape: "(2, 3)", data))
      #expect(rows == .rows(TokenBatch(tokens: ids, length: 3)))
    }
  }

  @Test func narrowIntegers() throws {
    let ids = [0, 1, 200, 7]
    for (descr, data) in [
      ("<u4", Self.bytes(ids, UInt32.self)), ("<u2", Self.bytes(ids, UInt16.self)),
      ("<i2", Self.bytes(ids, Int16.self)),
      ("|u1", Self.bytes(ids, UInt8.self)),
    ] {
      #expect(try Self.read(Self.numpy(descr: descr, shape: "(4,)", data)) == .stream(ids))
    }
    // More than Int16 holds.
    #expect(try Self.read(Self.numpy(descr: "<u2", shape: "(1,)", [0xFF, 0xFF])) == .stream([65_535]))
  }

  /// A zip archive of stored members; `method` 8 claims that they are deflated.
  static func archive(_ members: [(name: String, bytes: [UInt8])], method: Int = 0, checksum: UInt32? = nil) -> [UInt8]
  {
    func word(_ value: Int, _ size: Int) -> [UInt8] { (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    func crc(_ bytes: [UInt8]) -> UInt32 {
      ~bytes.reduce(~0) { crc, byte in
        (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
      }
    }
    var (file, directory): ([UInt8], [UInt8]) = ([], [])
    for (name, bytes) in members {
      let sums = word(Int(checksum ?? crc(bytes)), 4) + word(bytes.count, 4) + word(bytes.count, 4)
      let lengths = word(name.utf8.count, 2)
      directory +=
        Array("PK\u{1}\u{2}".utf8) + word(20, 2) + word(20, 2) + word(0, 2) + word(method, 2) + word(0, 4) + sums
      directory += lengths + word(0, 2) + word(0, 2) + word(0, 8) + word(file.count, 4) + Array(name.utf8)
      // The local header has an extra field that the directory has not, as numpy writes it.
      file += Array("PK\u{3}\u{4}".utf8) + word(20, 2) + word(0, 2) + word(method, 2) + word(0, 4) + sums + lengths
      file += word(4, 2) + Array(name.utf8) + [1, 0, 0, 0] + bytes
    }
    let start = file.count
    file += directory + Array("PK\u{5}\u{6}".utf8) + word(0, 4) + word(members.count, 2) + word(members.count, 2)
    return file + word(directory.count, 4) + word(start, 4) + word(0, 2)
  }

  @Test("of an archive, input_ids counts, or the only array")
  func archives() throws {
    let ids = Self.numpy(descr: "<u2", shape: "(2, 2)", Self.bytes([1, 2, 3, 4], UInt16.self))
    let other = Self.numpy(shape: "(1,)", Self.bytes([9], Int64.self))
    let rows = TokenFile.rows(TokenBatch(tokens: [1, 2, 3, 4], length: 2))
    #expect(try Self.read(Self.archive([("mask.npy", other), ("input_ids.npy", ids)]), "a.npz") == rows)
    #expect(try Self.read(Self.archive([("arr_0.npy", ids)]), "a.npz") == rows)
    try withTemporaryFolder { folder in
      let path = folder + "/a.npz"
      try Data(Self.archive([("attention_mask.npy", other), ("input_ids.npy", ids), ("b.npy", ids)]))
        .write(to: URL(fileURLWithPath: path))
      var others: [String] = []
      #expect(try TokenFile(path: path, others: &others) == rows && others == ["attention_mask", "b"])
    }
    for (bytes, reason) in [
      (Self.archive([("a.npy", ids), ("b.npy", other)]), "there is no 'input_ids' among its arrays: a.npy, b.npy"),
      (Self.archive([("a.npy", ids)], method: 8), "'a.npy' is compressed; convert it first: python3"),
      (Self.archive([("a.npy", ids)], checksum: 1), "'a.npy' is damaged: its CRC-32"),
      (Array(Self.archive([("a.npy", ids)]).dropLast(1)), "its zip directory is damaged"),
      ([], "its zip directory is damaged"),
      (Self.archive([("a.npy", Array("no array".utf8))]), "ids.npz: a.npy"),
    ] {
      let error = try thrown(ModelError.self) { try Self.read(bytes, "ids.npz") }
      #expect(error.description.contains(reason), "\(error)")
      #expect(error.failureKind == .badData)
    }
  }

  @Test("an archive that is cut off or changed in any byte is refused or read, and never crashes")
  func damagedArchives() throws {
    let whole = Self.archive([("a.npy", Self.numpy(shape: "(1,)", Self.bytes([9], Int64.self)))])
    for count in 0..<whole.count { _ = try? Self.read(Array(whole.prefix(count)), "a.npz") }
    for index in whole.indices {
      var bytes = whole
      bytes[index] ^= 0xFF
      _ = try? Self.read(bytes, "a.npz")
    }
    #expect(try Self.read(whole, "a.npz") == .stream([9]))
  }

  @Test func keysInAnyOrder() throws {
    let header = "{'shape': (2,), 'fortran_order': False, 'descr': '<i4'}"
    #expect(try Self.read(Self.numpy(header: header, Self.bytes([4, 5], Int32.self))) == .stream([4, 5]))
  }

  static let data = bytes([1, 2, 3, 4, 5, 6], Int64.self)
  static let malformed: [(String, [UInt8], String)] = [
    ("empty", [], "magic"),
    ("magic number", Array("PK\u{3}\u{4} a zip archive".utf8), "magic"),
    ("version", numpy(version: 9, shape: "(6,)", data), "version 9"),
    ("fortran order", numpy(fortran: "True", shape: "(2, 3)", data), "fortran_order"),
    (
      "float32", numpy(descr: "<f4", shape: "(12,)", data),
      "descr: ids must be '<i8', '<i4', '<i2', '<u4', '<u2' or '|u1', not '<f4'"
    ),
    ("big-endian", numpy(descr: ">i8", shape: "(6,)", data), "'>i8'"),
    ("64 bits without sign", numpy(descr: "<u8", shape: "(6,)", data), "'<u8'"),
    ("truncated data", numpy(shape: "(6,)", data.dropLast()), "47 bytes follow the header"),
    ("data that are too long", numpy(shape: "(5,)", data), "shape [5]"),
    ("truncated header", Array(numpy(shape: "(6,)", []).prefix(30)), "the header ends at byte"),
    (
      "header of 4 GiB", Array(numpy(version: 2, shape: "(6,)", data).prefix(8)) + [255, 255, 255, 255] + data,
      "the header ends at byte 4294967307"
    ),
    ("product of the shape", numpy(shape: "(4294967296, 4294967296)", data), "overflows"),
    ("size in bytes", numpy(shape: "(4611686018427387904,)", data), "shape [4611686018427387904]"),
    ("size of one dimension", numpy(shape: "(99999999999999999999,)", data), "'99999999999999999999'"),
    ("negative dimension", numpy(shape: "(-6,)", data), "'-6'"),
    ("no dimension", numpy(shape: "()", Array(data.prefix(8))), "one or two dimensions, not 0"),
    ("three dimensions", numpy(shape: "(1, 2, 3)", data), "one or two dimensions, not 3"),
    ("no rows", numpy(shape: "(0, 3)", []), "no ids"),
    ("no columns", numpy(shape: "(3, 0)", []), "no ids"),
    ("no shape", numpy(header: "{'descr': '<i8', 'fortran_order': False}", data), "lacks"),
    ("open tuple", numpy(header: "{'descr': '<i8', 'fortran_order': False, 'shape': (6,", data), "lacks"),
  ]

  @Test(arguments: malformed)
  func malformedFileIsRefused(_ what: String, _ bytes: [UInt8], _ reason: String) throws {
    let error = try thrown(ModelError.self) { try Self.read(bytes) }
    #expect(error.description.contains(reason), "\(what): \(error)")
    #expect(error.description.contains("ids.npy"))
    #expect(error.failureKind == .badData)
  }

  @Test func missingFile() throws {
    for path in ["/nonexistent/ids.npy", "/nonexistent/ids.safetensors"] {
      let error = try thrown(ModelError.self) { try TokenFile(path: path) }
      #expect(error.failureKind == .noInput)
    }
  }

  /// Reads a safetensors file with one tensor.
  private func safetensors(_ name: String, _ type: String, _ shape: [Int], _ bytes: [UInt8]) throws -> TokenFile {
    let folder = FileManager.default.temporaryDirectory.appending(path: "svnup-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "ids.safetensors").path
    try SafetensorsWriter.write(
      [(TensorName(name), type, shape, bytes.count)], metadata: [], to: try File(path, .creating)
    ) { _ in .bytes(bytes) }
    return try TokenFile(path: path)
  }

  @Test func safetensorsFiles() throws {
    let ids = [3, 2, 1, 0]
    #expect(try safetensors("input_ids", "I64", [4], Self.bytes(ids, Int64.self)) == .stream(ids))
    #expect(try safetensors("input_ids", "I32", [4], Self.bytes(ids, Int32.self)) == .stream(ids))
    let rows = TokenFile.rows(TokenBatch(tokens: ids, length: 2))
    #expect(try safetensors("input_ids", "I32", [2, 2], Self.bytes(ids, Int32.self)) == rows)

    let float = try thrown(ModelError.self) {
      try safetensors("input_ids", "F32", [4], Array(repeating: 0, count: 16))
    }
    #expect(float.description.contains("ids must be I64, I32, I16, U32, U16 or U8, not F32"))
    let missing = try thrown(ModelError.self) {
      try safetensors("ids", "I32", [4], Self.bytes(ids, Int32.self))
    }
    #expect(missing.description.contains("there is no tensor 'input_ids'"))
    let deep = try thrown(ModelError.self) {
      try safetensors("input_ids", "I32", [1, 2, 2], Self.bytes(ids, Int32.self))
    }
    #expect(deep.description.contains("one or two dimensions, not 3"))
    for error in [float, missing, deep] { #expect(error.failureKind == .badData) }
  }

  @Test func kindsOfFilesByName() {
    #expect(TokenFile.isTokenFile("a/b.npy") && TokenFile.isTokenFile("b.safetensors"))
    #expect(!TokenFile.isTokenFile("text.txt") && !TokenFile.isTokenFile("npy"))
  }
}

/// Windows and strips of token ids.
@Suite struct TokenBatchTests {
  @Test func windowsDropTheRest() {
    let stream = Array(0..<23)
    let batch = TokenBatch(windowsOf: stream, length: 5)
    #expect(batch.sequences == 4)
    #expect(batch.tokens == Array(0..<20))
    #expect(TokenBatch(windowsOf: stream, length: 23).sequences == 1)
    #expect(TokenBatch(windowsOf: stream, length: 24).sequences == 0)
    #expect(batch[sequences: 1..<3] == TokenBatch(tokens: Array(5..<15), length: 5))
  }

  @Test func stripsCoverTheBatchInOrder() {
    let batch = TokenBatch(windowsOf: Array(0..<70), length: 10)
    for (rows, counts) in [
      (1, [1, 1, 1, 1, 1, 1, 1]), (10, [1, 1, 1, 1, 1, 1, 1]), (29, [2, 2, 2, 1]), (30, [3, 3, 1]), (999, [7]),
    ] {
      let strips = batch.strips(ofRows: rows)
      #expect(strips.map(\.sequences) == counts)
      #expect(strips.flatMap(\.tokens) == batch.tokens)
      #expect(strips.allSatisfy { $0.length == 10 })
    }
    #expect(TokenBatch(tokens: [], length: 10).strips(ofRows: 5).isEmpty)
  }
}
