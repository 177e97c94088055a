import Foundation
import Support
import Tensor
import TestSupport
import Testing

/// One rule of the format a test.
@Suite struct MalformedSafetensorsTests {
  /// A header with one tensor `w` whose fields are as given.
  static func header(dtype: String = "\"F32\"", shape: String = "[2]", offsets: String = "[0,8]") -> String {
    "{\"w\":{\"dtype\":\(dtype),\"shape\":\(shape),\"data_offsets\":\(offsets)}}"
  }

  @Test("The file that the malformed ones are variations of is read")
  func wellFormed() throws {
    let file = try open(safetensors(Self.header(), dataCount: 8))
    #expect(file.entries == [TensorEntry(name: "w", type: "F32", shape: [2], range: 0..<8)])
  }

  @Test("Case 1: fewer than eight bytes", arguments: 0...7)
  func tooShort(count: Int) throws {
    let found = try problem(Array(repeating: 0, count: count), naming: "\(count) bytes")
    #expect(found == .noHeaderLength(fileSize: count))
  }

  @Test("Case 2: a header length of 2^64 - 1 allocates nothing", arguments: [UInt64.max, 1 << 63, UInt64(Int.max)])
  func hugeLength(length: UInt64) throws {
    let bytes = safetensors("{}", length: length)
    #expect(try problem(bytes, naming: "\(length)") == .headerTooLong(length: length, fileSize: 10))
  }

  @Test("Case 3: a header of more than 100,000,000 bytes, though the file has them")
  func overTheLimit() throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "model.safetensors")
      try write(safetensors("{", length: 100_000_001), to: path)
      let handle = try #require(FileHandle(forWritingAtPath: path))
      try handle.truncate(atOffset: 100_000_100)
      try handle.close()
      let error = try thrown(CheckpointError.self) { try SafetensorsFile(path: path) }
      #expect(error.problem == .headerTooLong(length: 100_000_001, fileSize: 100_000_100))
      expectOneLine(error, file: path, naming: ["100000001"])
    }
  }

  @Test("Case 4: a header that ends past the file", arguments: [3, 100, 99_999_999] as [UInt64])
  func lengthPastEnd(length: UInt64) throws {
    #expect(try problem(safetensors("{}", length: length)) == .headerTooLong(length: length, fileSize: 10))
  }

  @Test("Case 5: a header that is not UTF-8")
  func notUTF8() throws {
    let bytes = safetensors(Array("{\"w".utf8) + [0xFF] + Array("\":1}".utf8))
    #expect(try problem(bytes, naming: "byte 11") == .headerNotJSON(offset: 11, reason: "not UTF-8"))
    let surrogate = safetensors(Array("{\"".utf8) + [0xED, 0xA0, 0x80] + Array("\":1}".utf8))
    #expect(try problem(surrogate, naming: "byte 10") == .headerNotJSON(offset: 10, reason: "not UTF-8"))
  }

  @Test("Case 6: a header that does not begin with a brace", arguments: ["", " {}", "[]", "null", "\u{FEFF}{}"])
  func noBrace(header: String) throws {
    let expected = CheckpointError.Problem.headerNotJSON(offset: 8, reason: "it must begin with '{'")
    #expect(try problem(safetensors(header), naming: "byte 8") == expected)
  }

  @Test("Case 7: JSON that breaks off, at every byte")
  func truncatedJSON() throws {
    let header = Array(Self.header().utf8)
    for count in 1..<header.count {
      guard case .headerNotJSON(let offset, _) = try problem(safetensors(Array(header[0..<count]))) else {
        Issue.record("\(count) bytes of the header")
        continue
      }
      #expect(offset >= 8 && offset <= 8 + count)
    }
  }

  @Test("Case 7: text after the JSON; blanks there are padding")
  func textAfterJSON() throws {
    let header = Self.header()
    guard case .headerNotJSON(let offset, _) = try problem(safetensors(header + " {}", dataCount: 8)) else {
      Issue.record("text after the value was accepted")
      return
    }
    #expect(offset == 8 + header.utf8.count + 1)
    #expect(try open(safetensors(header + "   ", dataCount: 8)).entries.count == 1)
  }

  @Test("Case 8: nesting 100,000 deep overflows no stack", arguments: ["[", "{\"a\":", "{\"w\":{\"shape\":["])
  func deepNesting(opening: String) throws {
    let header = "{\"w\":" + String(repeating: opening, count: 100_000)
    guard case .headerNotJSON(_, let reason) = try problem(safetensors(header)) else {
      Issue.record("it was accepted")
      return
    }
    #expect(reason.hasPrefix("nested deeper than"))
  }

  @Test("Case 9: a key that appears twice, however it is spelled", arguments: ["a", "\\u0061"])
  func duplicateKey(spelling: String) throws {
    let entry = "{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}"
    let header = "{\"a\":\(entry),\"\(spelling)\":\(entry)}"
    let offset = 8 + "{\"a\":\(entry),".utf8.count
    let expected = CheckpointError.Problem.headerNotJSON(offset: offset, reason: "the key \"a\" appears twice")
    #expect(try problem(safetensors(header), naming: "\"a\"", "byte \(offset)") == expected)
  }

  @Test("Case 9: a field that appears twice in one tensor")
  func duplicateField() throws {
    let header = "{\"w\":{\"dtype\":\"U8\",\"shape\":[0],\"shape\":[0],\"data_offsets\":[0,0]}}"
    guard case .headerNotJSON(_, let reason) = try problem(safetensors(header)) else {
      Issue.record("it was accepted")
      return
    }
    #expect(reason == "the key \"shape\" appears twice")
  }

  @Test("Case 10: names that are equal under Unicode normalisation are two tensors")
  func canonicallyEqualNames() throws {
    let (composed, decomposed) = ("\u{E9}", "e\u{301}")
    #expect(composed == decomposed, "Swift compares strings by canonical equivalence")
    let header =
      "{\"\(composed)\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
      + "\"\(decomposed)\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}"
    let file = try open(safetensors(header, dataCount: 2))
    #expect(file.entries.count == 2)
    #expect(file.entry(TensorName(composed))?.range == 0..<1)
    #expect(file.entry(TensorName(decomposed))?.range == 1..<2)
  }

  @Test(
    "Case 11: offsets that are negative, fractional or in exponential form",
    arguments: [
      "[-1,8]", "[0,-8]", "[-0,8]", "[0.0,8]", "[0,8.5]", "[0,1e3]", "[\"0\",8]", "[null,8]", "[0,9223372036854775808]",
    ])
  func badOffsets(offsets: String) throws {
    let bytes = safetensors(Self.header(offsets: offsets), dataCount: 8)
    let expected = CheckpointError.Problem.malformedEntry(
      tensor: "w", field: "data_offsets", reason: "offsets are whole numbers from 0")
    #expect(try problem(bytes, naming: "'w'", "data_offsets") == expected)
  }

  @Test("Case 12: an offset that begins after its end")
  func reversedOffsets() throws {
    let bytes = safetensors(Self.header(offsets: "[8,0]"), dataCount: 8)
    let expected = CheckpointError.Problem.malformedEntry(
      tensor: "w", field: "data_offsets", reason: "the range begins at 8, after its end at 0")
    #expect(try problem(bytes, naming: "'w'", "data_offsets", "8") == expected)
  }

  /// A header of U8 vectors with these ranges, named from a on.
  static func header(ranges: [Range<Int>]) -> String {
    let members = zip("abcdef", ranges).map { name, range in
      "\"\(name)\":{\"dtype\":\"U8\",\"shape\":[\(range.count)],"
        + "\"data_offsets\":[\(range.lowerBound),\(range.upperBound)]}"
    }
    return "{\(members.joined(separator: ","))}"
  }

  @Test("Case 13: tensors that share bytes")
  func overlap() throws {
    let partial = try problem(
      safetensors(Self.header(ranges: [0..<5, 4..<8]), dataCount: 8), naming: "'a'", "'b'", "4")
    #expect(partial == .overlap(tensor: "b", other: "a", offset: 4))
    let same = try problem(safetensors(Self.header(ranges: [0..<8, 0..<8]), dataCount: 8))
    #expect(
      same == .overlap(tensor: "b", other: "a", offset: 0) || same == .overlap(tensor: "a", other: "b", offset: 0))
    let inside = try problem(safetensors(Self.header(ranges: [2..<4, 0..<8]), dataCount: 8))
    #expect(inside == .overlap(tensor: "a", other: "b", offset: 2))
    let empty = try problem(safetensors(Self.header(ranges: [0..<8, 4..<4]), dataCount: 8))
    #expect(empty == .overlap(tensor: "b", other: "a", offset: 4))
  }

  @Test("Case 14: bytes between tensors, or before the first, that belong to none")
  func hole() throws {
    let between = try problem(safetensors(Self.header(ranges: [0..<3, 4..<8]), dataCount: 8), naming: "'b'", "3")
    #expect(between == .hole(tensor: "b", offset: 3))
    let before = try problem(safetensors(Self.header(ranges: [1..<8]), dataCount: 8), naming: "'a'")
    #expect(before == .hole(tensor: "a", offset: 0))
    let unordered = try problem(safetensors(Self.header(ranges: [4..<8, 0..<3]), dataCount: 8))
    #expect(unordered == .hole(tensor: "a", offset: 3))
  }

  @Test("Case 15: bytes after the last tensor", arguments: [1, 1000])
  func trailingBytes(count: Int) throws {
    let bytes = safetensors(Self.header(), dataCount: 8 + count)
    #expect(try problem(bytes, naming: "8", "\(8 + count)") == .wrongFileSize(expected: 8, found: 8 + count))
    #expect(try problem(safetensors("{}", dataCount: count)) == .wrongFileSize(expected: 0, found: count))
  }

  @Test("Case 16: the last tensor is a byte short")
  func shortLastTensor() throws {
    let bytes = safetensors(Self.header(), dataCount: 7)
    #expect(try problem(bytes, naming: "8", "7", "download") == .wrongFileSize(expected: 8, found: 7))
  }

  @Test(
    "Case 17: a shape whose product overflows",
    arguments: [
      "[4611686018427387904,4]", "[4294967296,4294967296]", "[9223372036854775807]", "[3,9223372036854775807,0]",
    ])
  func shapeOverflow(shape: String) throws {
    let bytes = safetensors(Self.header(shape: shape), dataCount: 8)
    guard case .malformedEntry("w", "shape", let reason) = try problem(bytes, naming: "'w'", "shape") else {
      Issue.record("it was accepted")
      return
    }
    #expect(reason.contains("overflows"))
  }

  @Test(
    "Case 17: dimensions that are no whole numbers",
    arguments: ["[-1]", "[1.0]", "[1e1]", "[\"1\"]", "[[1]]", "[9223372036854775808]", "2", "null"])
  func badShape(shape: String) throws {
    guard
      case .malformedEntry("w", "shape", _) = try problem(
        safetensors(Self.header(shape: shape), dataCount: 8), naming: "'w'", "shape")
    else {
      Issue.record("it was accepted")
      return
    }
  }

  @Test(
    "Case 18: a shape that does not have the range's bytes",
    arguments: [("[1]", 4), ("[3]", 12), ("[]", 4), ("[2,0]", 0)])
  func sizeMismatch(shape: String, size: Int) throws {
    let bytes = safetensors(Self.header(shape: shape), dataCount: 8)
    let expected = CheckpointError.Problem.sizeMismatch(tensor: "w", expected: size, found: 8)
    #expect(try problem(bytes, naming: "'w'", "\(size)", "8") == expected)
  }

  @Test("Case 19: an unknown type, told after the offsets were checked")
  func unknownType() throws {
    let header = Self.header(dtype: "\"Q4\"")
    #expect(
      try problem(safetensors(header, dataCount: 8), naming: "'w'", "'Q4'")
        == .unknownElementType(tensor: "w", type: "Q4"))
    #expect(try problem(safetensors(header, dataCount: 7)) == .wrongFileSize(expected: 8, found: 7))
  }

  @Test("Entries that lack a field, or are no objects")
  func missingFields() throws {
    for (header, field) in [
      ("{\"w\":{\"shape\":[2],\"data_offsets\":[0,8]}}", "dtype"), ("{\"w\":1}", "dtype"), ("{\"w\":null}", "dtype"),
      ("{\"w\":{\"dtype\":7,\"shape\":[2],\"data_offsets\":[0,8]}}", "dtype"),
      ("{\"w\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", "shape"),
      ("{\"w\":{\"dtype\":\"F32\",\"shape\":[2]}}", "data_offsets"),
    ] {
      guard case .malformedEntry("w", field, _) = try problem(safetensors(header, dataCount: 8), naming: "'w'", field)
      else {
        Issue.record("\(header) was accepted")
        continue
      }
    }
  }

  @Test("Case 20: metadata that are not strings")
  func badMetadata() throws {
    for (metadata, key) in [
      ("{\"format\":1}", "format"), ("{\"a\":\"x\",\"b\":null}", "b"), ("{\"a\":{\"b\":\"c\"}}", "a"),
      ("[]", "__metadata__"), ("\"pt\"", "__metadata__"), ("null", "__metadata__"),
    ] {
      let found = try problem(safetensors("{\"__metadata__\":\(metadata)}"), naming: "__metadata__", "'\(key)'")
      #expect(found == .metadataNotStrings(key: key))
    }
  }

  @Test("Case 21: BF16 at an odd offset is read")
  func oddOffset() throws {
    try withTemporaryFolder { folder in
      let header =
        "{\"flag\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
        + "\"w\":{\"dtype\":\"BF16\",\"shape\":[1,2],\"data_offsets\":[1,5]}}"
      let path = Path.join(folder, "model.safetensors")
      try write(safetensors(Array(header.utf8), data: [1, 0x80, 0x3F, 0x20, 0xC0]), to: path)
      let file = try SafetensorsFile(path: path)
      #expect(try file.matrix("w", rows: 1, columns: 2).widened().elements == [1, -2.5])
    }
  }

  @Test("Case 22: a shape with a zero parses, and is refused where the model needs more")
  func emptyShape() throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "model.safetensors")
      try write(safetensors(Self.header(shape: "[0,3]", offsets: "[0,0]")), to: path)
      let file = try SafetensorsFile(path: path)
      #expect(file.entry("w")?.shape == [0, 3])
      #expect(try file.bytes(of: "w") == [])
      let error = try thrown(CheckpointError.self) { try file.matrix("w", rows: 2, columns: 3) }
      #expect(error.problem == .wrongShape(tensor: "w", expected: [2, 3], found: [0, 3]))
      expectOneLine(error, file: path, naming: ["'w'", "[2, 3]", "[0, 3]"])
    }
  }

  @Test("Case 23: one or three offsets", arguments: ["[]", "[0]", "[0,8,8]", "8", "{}"])
  func offsetCount(offsets: String) throws {
    let bytes = safetensors(Self.header(offsets: offsets), dataCount: 8)
    let expected = CheckpointError.Problem.malformedEntry(
      tensor: "w", field: "data_offsets", reason: "two numbers must stand here")
    #expect(try problem(bytes, naming: "'w'", "data_offsets") == expected)
  }

  @Test("A Git LFS pointer in place of the file is called by its name")
  func largeFilePointer() throws {
    let text =
      "version https://git-lfs.github.com/spec/v1\noid sha256:\(String(repeating: "0", count: 64))\nsize 12345\n"
    #expect(try problem(Array(text.utf8), naming: "git lfs pull") == .largeFilePointer)
  }

  @Test("A file with one byte changed, removed or added is read or refused, never a trap")
  func mutations() throws {
    let original = safetensors(
      "{\"__metadata__\":{\"format\":\"pt\"},\"a\":{\"dtype\":\"F16\",\"shape\":[2,2],\"data_offsets\":[0,8]},"
        + "\"b\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[8,16]}}", dataCount: 16)
    var generator = SeededGenerator(seed: 3)
    var (accepted, refused) = (0, 0)
    try withTemporaryFolder { folder in
      for number in 0..<1500 {
        var bytes = original
        let position = generator.below(bytes.count)
        switch generator.below(3) {
        case 0: bytes[position] = UInt8(truncatingIfNeeded: generator.next())
        case 1: bytes.remove(at: position)
        default: bytes.insert(UInt8(generator.below(128)), at: position)
        }
        let path = Path.join(folder, "\(number)")
        try write(bytes, to: path)
        do throws(CheckpointError) {
          let file = try SafetensorsFile(path: path)
          for entry in file.entries {
            let count = try file.bytes(of: entry.name).count
            #expect(count == entry.range.count)
          }
          accepted += 1
        } catch {
          expectOneLine(error, file: path)
          refused += 1
        }
      }
    }
    #expect(accepted > 50)
    #expect(refused > 500)
  }
}
