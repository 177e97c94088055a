import Support
import Tensor
import TestSupport
import Testing

/// A tensor of a file that is put together by hand.
private struct Part {
  var name: String
  var type: String
  var shape: [Int]
  var bytes: [UInt8]
}

/// A packed file that stands for one matrix w of BF16, (2, 9), of which three elements are kept: a third of them by a bitmap, or by columns.
private struct PackedFile {
  static let header = #"{"w":{"dtype":"BF16","shape":[2,9],"data_offsets":[0,36]}}"#

  var metadata: [(String, String)] = [("svnup.packed", "1"), ("svnup.header", header)]
  var parts: [Part]

  static let values = Part(name: "w.values", type: "BF16", shape: [3], bytes: [0, 0x3F, 1, 0x3F, 2, 0x3F])
  /// Columns 0, 2 and 8 of row 0.
  static let byBitmap = PackedFile(
    parts: [Part(name: "w.bitmap", type: "U8", shape: [2, 2], bytes: [0b101, 1, 0, 0]), values])
  static let byColumns = PackedFile(
    parts: [
      Part(name: "w.counts", type: "U32", shape: [2], bytes: [3, 0, 0, 0, 0, 0, 0, 0]),
      Part(name: "w.columns", type: "U16", shape: [3], bytes: [0, 0, 2, 0, 8, 0]), values,
    ])

  /// A matrix of more rows than a list of their places can have, none of which has an element.
  static let emptyRows = PackedFile(
    metadata: [
      ("svnup.packed", "1"),
      ("svnup.header", #"{"w":{"dtype":"BF16","shape":[2305843009213693952,0],"data_offsets":[0,0]}}"#),
    ],
    parts: [
      Part(name: "w.bitmap", type: "U8", shape: [1 << 61, 0], bytes: []),
      Part(name: "w.values", type: "BF16", shape: [0], bytes: []),
    ])

  var bytes: [UInt8] {
    let strings = JSON(members: metadata.map { ($0.0, JSON($0.1)) })
    var members: [(String, JSON)] = [("__metadata__", strings)]
    var data: [UInt8] = []
    for part in parts {
      let range = [data.count, data.count + part.bytes.count]
      members.append(
        (part.name, ["dtype": JSON(part.type), "shape": JSON(part.shape), "data_offsets": JSON(range)]))
      data += part.bytes
    }
    return safetensors(JSON(members: members).encoded(), data: data)
  }

  func changed(_ body: (inout PackedFile) -> Void) -> PackedFile {
    var copy = self
    body(&copy)
    return copy
  }
}

@Suite struct MalformedPackedTests {
  @Test("The files that the malformed ones are variations of are read, by bitmap and by columns, and as they were")
  func wellFormed() throws {
    for bytes in [PackedFile.byBitmap.bytes, PackedFile.byColumns.bytes] {
      try withTemporaryFolder { folder in
        let path = Path.join(folder, "model.safetensors")
        try write(bytes, to: path)
        let file = try SafetensorsFile(path: path)
        #expect(file.isPacked)
        #expect(file.entries == [TensorEntry(name: "w", type: "BF16", shape: [2, 9], range: 0..<36)])
        let matrix = try file.matrix("w", rows: 2, columns: 9)
        #expect(matrix.isCompressed)
        var expected = [Float](repeating: 0, count: 18)
        (expected[0], expected[2], expected[8]) = (0.5, 0.50390625, 0.5078125)
        #expect(matrix.widened().elements == expected)
        var dense: [UInt8] = []
        try file.forEachDensePiece { (piece) throws(FileError) in dense.append(contentsOf: piece) }
        let whole = safetensors(Array(PackedFile.header.utf8), data: try file.bytes(of: "w"))
        #expect(dense == whole)
        #expect(try file.bytes(of: "w").count == 36)
      }
    }
  }

  @Test("A file whose parts do not fit what it stands for is refused when it is opened")
  func parts() throws {
    let cases: [(PackedFile, String)] = [
      (.byBitmap.changed { $0.metadata[0].1 = "2" }, "form '2'"),
      (.byBitmap.changed { $0.metadata.removeLast() }, "svnup.header"),
      (
        .byBitmap.changed { $0.metadata[1].1 = "{" },
        "svnup.header: of the file that it stands for: the header is not valid JSON"
      ),
      (.byBitmap.changed { $0.metadata[1].1 = "{}" }, "w.bitmap"),
      (.byBitmap.changed { $0.metadata[1].1 = PackedFile.header.replacing("BF16", with: "F16") }, "w.values"),
      (.byBitmap.changed { $0.metadata[1].1 = PackedFile.header.replacing("[2,9]", with: "[3,6]") }, "w.bitmap"),
      (.byBitmap.changed { $0.metadata[1].1 = PackedFile.header.replacing("[2,9]", with: "[18]") }, "matrices"),
      (.emptyRows, "matrices"),
      (.byBitmap.changed { $0.parts.removeFirst() }, "w.columns"),
      (.byBitmap.changed { $0.parts.removeLast() }, "w.values"),
      (.byBitmap.changed { $0.parts[0].type = "I8" }, "w.bitmap"),
      (.byBitmap.changed { $0.parts[0].shape = [4, 1] }, "w.bitmap"),
      (.byBitmap.changed { $0.parts[1].shape = [3, 1] }, "w.values"),
      (.byBitmap.changed { $0.parts.append(Part(name: "x", type: "U8", shape: [1], bytes: [0])) }, "'x'"),
      (.byBitmap.changed { $0.parts.append(Part(name: "w", type: "U8", shape: [1], bytes: [0])) }, "'w'"),
      (.byColumns.changed { $0.parts[1].type = "I16" }, "w.columns"),
      (.byColumns.changed { ($0.parts[1].shape, $0.parts[1].bytes) = ([2], [0, 0, 2, 0]) }, "w.columns"),
      (.byColumns.changed { ($0.parts[0].shape, $0.parts[0].bytes) = ([1], [3, 0, 0, 0]) }, "w.counts"),
    ]
    for (file, word) in cases { _ = try problem(file.bytes, naming: word) }
  }

  @Test("Positions that are none of the matrix, or not as many as the values, are refused when the tensor is read")
  func contents() throws {
    let cases: [(PackedFile, String)] = [
      (.byBitmap.changed { $0.parts[0].bytes = [0b101, 2, 0, 0] }, "w.bitmap"),
      (.byBitmap.changed { $0.parts[0].bytes = [0b111, 1, 0, 0] }, "w.values"),
      (.byBitmap.changed { $0.parts[0].bytes = [0b1, 1, 0, 0] }, "w.values"),
      (.byColumns.changed { $0.parts[1].bytes = [0, 0, 8, 0, 2, 0] }, "w.columns"),
      (.byColumns.changed { $0.parts[1].bytes = [0, 0, 2, 0, 2, 0] }, "w.columns"),
      (.byColumns.changed { $0.parts[1].bytes = [0, 0, 2, 0, 9, 0] }, "w.columns"),
      (.byColumns.changed { $0.parts[0].bytes = [4, 0, 0, 0, 0, 0, 0, 0] }, "w.counts"),
      (.byColumns.changed { $0.parts[0].bytes = [1, 0, 0, 0, 1, 0, 0, 0] }, "w.counts"),
      (.byColumns.changed { $0.parts[0].bytes = [255, 255, 255, 255, 255, 255, 255, 255] }, "w.counts"),
    ]
    for (file, word) in cases {
      try withTemporaryFolder { folder in
        let path = Path.join(folder, "model.safetensors")
        try write(file.bytes, to: path)
        let opened = try SafetensorsFile(path: path)
        let error = try thrown(CheckpointError.self) { try opened.matrix("w", rows: 2, columns: 9) }
        #expect(error.failureKind == .badData)
        expectOneLine(error, file: path, naming: [word])
      }
    }
  }
}
