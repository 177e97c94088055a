import Foundation
import Support
import Tensor
import TestSupport
import Testing

@Suite struct SafetensorsRoundTripTests {
  typealias Tensor = (name: TensorName, type: String, shape: [Int], bytes: [UInt8])
  typealias Metadata = [(key: [UInt8], value: [UInt8])]

  /// Bytes of an element.
  static let types = [
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "F8_E8M0": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2,
    "I32": 4, "U32": 4, "F32": 4, "I64": 8, "U64": 8, "F64": 8, "C64": 8,
  ]

  /// Writes a file of these tensors.
  static func write(_ tensors: [Tensor], _ metadata: Metadata, to path: String) throws {
    let contents = Dictionary(tensors.map { ($0.name, $0.bytes) }) { first, _ in first }
    try SafetensorsWriter.write(
      tensors.map { (name: $0.name, type: $0.type, shape: $0.shape, byteCount: $0.bytes.count) }, metadata: metadata,
      to: File(path, .creating)
    ) { .bytes(contents[$0] ?? []) }
  }

  /// The header of a file as JSON.
  static func header(_ bytes: [UInt8]) throws -> JSON {
    let length = bytes.withUnsafeBytes { Int(UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self))) }
    return try JSON.parse(Array(bytes[8..<8 + length]))
  }

  static func metadata(_ bytes: [UInt8]) throws -> [[[UInt8]]] {
    (try header(bytes)["__metadata__"]?.object?.members ?? []).map { [$0.key, $0.value.bytes ?? []] }
  }

  /// Text with quotes, line feeds, NUL and letters of one to four bytes.
  static func randomText(_ generator: inout SeededGenerator) -> [UInt8] {
    let parts = ["a", "weight", "\"", "\\", "\n", "\0", "\u{7F}", "é", "e\u{301}", "漢", "🙂", "/", "."]
    return (0..<generator.below(6)).flatMap { _ in Array(parts[generator.below(parts.count)].utf8) }
  }

  @Test("Random tensors of every type and shape, with random metadata, come back as they were", arguments: 0..<40)
  func random(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let names = Self.types.keys.sorted()
    var tensors: [Tensor] = []
    for number in 0..<generator.below(9) {
      let type = names[(Int(seed) + 5 * number) % names.count]
      let shape = (0..<generator.below(4)).map { _ in generator.below(5) }
      let count = shape.reduce(Self.types[type] ?? 0, *)
      let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
      tensors.append((TensorName(Self.randomText(&generator) + Array("\(number)".utf8)), type, shape, bytes))
    }
    let metadata: Metadata = (0..<generator.below(4)).map { number in
      (key: Self.randomText(&generator) + Array("\(number)".utf8), value: Self.randomText(&generator))
    }
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "model.safetensors")
      try Self.write(tensors, metadata, to: path)
      let bytes = try File.contents(of: path)
      let length = bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
      #expect(length % 8 == 0, "data are aligned to the largest element")
      #expect(try Self.metadata(bytes) == metadata.map { [$0.key, $0.value] })

      let file = try SafetensorsFile(path: path)
      #expect(Set(file.entries.map(\.name)) == Set(tensors.map(\.name)))
      for tensor in tensors {
        let entry = try #require(file.entry(tensor.name))
        #expect(entry.type == tensor.type)
        #expect(entry.shape == tensor.shape)
        #expect(try file.bytes(of: tensor.name) == tensor.bytes)
      }

      // Written once more from what was read, the file is the same to the byte.
      let writer = try DirectoryWriter(target: Path.join(folder, "copy"), replacing: false)
      try Checkpoint(directory: folder).write(to: writer, replacing: [:])
      try writer.commit()
      #expect(try File.contents(of: Path.join(folder, "copy/model.safetensors")) == bytes)
    }
  }

  @Test("NaN payloads, infinities, subnormals and -0 keep their bits through a matrix", arguments: ElementType.allCases)
  func bits(type: ElementType) throws {
    let wide: [UInt32] = [
      0x7FC0_0001, 0x7F80_0001, 0xFFFF_FFFF, 0x7F80_0000, 0xFF80_0000, 0x0000_0001, 0x807F_FFFF, 0x8000_0000,
    ]
    let narrow: [UInt16] = [0x7E01, 0x7C01, 0xFFFF, 0x7F81, 0x7C00, 0xFF80, 0x0001, 0x8000]
    let bytes = type == .float32 ? wide.withUnsafeBytes { Array($0) } : narrow.withUnsafeBytes { Array($0) }
    try withTemporaryFolder { folder in
      try Self.write([("w", type.rawValue, [2, 4], bytes)], [], to: Path.join(folder, "model.safetensors"))
      let checkpoint = try Checkpoint(directory: folder)
      let matrix = try checkpoint.matrix("w", rows: 2, columns: 4)
      #expect(matrix.elementType == type)
      let writer = try DirectoryWriter(target: Path.join(folder, "copy"), replacing: false)
      try checkpoint.write(to: writer, replacing: ["w": matrix])
      try writer.commit()
      #expect(try SafetensorsFile(path: Path.join(folder, "copy/model.safetensors")).bytes(of: "w") == bytes)
    }
  }

  @Test("A tensor's contents of another size than announced are refused")
  func wrongSize() throws {
    try withTemporaryFolder { folder in
      try Self.write([("w", "F32", [2, 2], Array(0..<16))], [], to: Path.join(folder, "model.safetensors"))
      let checkpoint = try Checkpoint(directory: folder)
      for matrix in [
        StoredMatrix(Matrix(rows: 2, columns: 3), as: .float32),
        StoredMatrix(Matrix(rows: 2, columns: 2), as: .float16),
      ] {
        let target = Path.join(folder, "copy")
        let writer = try DirectoryWriter(target: target, replacing: false)
        let error = try thrown(CheckpointError.self) {
          try checkpoint.write(to: writer, replacing: ["w": matrix])
        }
        #expect(error.problem == .sizeMismatch(tensor: "w", expected: 16, found: matrix.byteCount))
        #expect(!FileSystem.exists(target))
      }
    }
  }
}

/// A checkpoint of four shards, read and written.
@Suite struct ShardedCheckpointTests {
  static let source = Fixtures.path("random-models/llama3-gqa")
  static let indexName = "model.safetensors.index.json"

  /// Writes the fixture with replacements and passes the new folder on.
  static func rewritten(
    replacing replacements: [TensorName: StoredMatrix], _ body: (Checkpoint, Checkpoint, String) throws -> Void
  ) throws {
    try withTemporaryFolder { folder in
      let target = Path.join(folder, "out")
      let original = try Checkpoint(directory: source)
      let writer = try DirectoryWriter(target: target, replacing: false)
      try original.write(to: writer, replacing: replacements)
      #expect(!FileSystem.exists(target), "nothing is there before the commit")
      try writer.commit()
      try body(original, Checkpoint(directory: target), target)
    }
  }

  @Test("A copy has the same files, tensors, order, metadata and index")
  func copy() throws {
    try Self.rewritten(replacing: [:]) { original, copy, target in
      #expect(original.shards.count == 4)
      #expect(try FileSystem.list(target) == original.fileNames.sorted())
      for (old, new) in zip(original.shards, copy.shards) {
        #expect(Path.name(of: old.path) == Path.name(of: new.path))
        #expect(old.entries == new.entries)
        for entry in old.entries { #expect(try old.bytes(of: entry.name) == new.bytes(of: entry.name)) }
        let (oldBytes, newBytes) = (try File.contents(of: old.path), try File.contents(of: new.path))
        let metadata = try SafetensorsRoundTripTests.metadata(newBytes)
        #expect(!metadata.isEmpty)
        #expect(try SafetensorsRoundTripTests.metadata(oldBytes) == metadata)
      }
      let index = try File.contents(of: Path.join(Self.source, Self.indexName))
      #expect(try File.contents(of: Path.join(target, Self.indexName)) == index)
    }
  }

  @Test("Replacing a tensor changes its bytes and no others")
  func replacing() throws {
    let name: TensorName = "model.layers.1.mlp.up_proj.weight"
    let before = try Checkpoint(directory: Self.source).matrix(name, rows: 112, columns: 64)
    let after = StoredMatrix(Matrix.random(112, 64, seed: 1), as: before.elementType)
    try Self.rewritten(replacing: [name: after]) { original, copy, _ in
      let found = try copy.matrix(name, rows: 112, columns: 64)
      #expect(found.widened() == after.widened())
      var others = 0
      for (old, new) in zip(original.shards, copy.shards) {
        for entry in old.entries where entry.name != name {
          #expect(try old.bytes(of: entry.name) == new.bytes(of: entry.name))
          others += 1
        }
      }
      #expect(others > 10)
    }
  }

  @Test("A matrix of the fixture is its bytes, widened")
  func matrix() throws {
    let checkpoint = try Checkpoint(directory: Self.source)
    let name: TensorName = "model.embed_tokens.weight"
    let matrix = try checkpoint.matrix(name, rows: 512, columns: 64)
    let bytes = try #require(checkpoint.shard(of: name)).bytes(of: name)
    let expected = stride(from: 0, to: bytes.count, by: 2).map {
      Float(bitPattern: UInt32(bytes[$0]) << 16 | UInt32(bytes[$0 + 1]) << 24)
    }
    #expect(matrix.widened().elements == expected)
  }

  @Test("Matrices that a program writes read back with their types and metadata; a file that is there is kept")
  func written() throws {
    try withTemporaryFolder { folder in
      let file = folder + "/own.safetensors"
      let matrices = ElementType.allCases.enumerated().map { index, type in
        (name: TensorName("m\(index)"), matrix: StoredMatrix(.random(3, 5 + index, seed: UInt64(index)), as: type))
      }
      var pruned = Matrix.random(4, 64, seed: 9)
      for i in 0..<4 { for j in 0..<64 where j % 4 != 1 { pruned[i, j] = 0 } }
      let sparse = (name: TensorName("sparse"), matrix: StoredMatrix(pruned, as: .bfloat16).compressed())
      #expect(sparse.matrix.isCompressed)
      let metadata = [(key: "format", value: "pt"), (key: "é", value: "\"\n")]
      try SafetensorsFile.write(matrices + [sparse], metadata: metadata, to: file)
      let read = try SafetensorsFile(path: file)
      #expect(read.metadata.map(\.key) == metadata.map(\.key) && read.metadata.map(\.value) == metadata.map(\.value))
      #expect(read.entries.map(\.name) == (matrices + [sparse]).map(\.name))
      let directory = folder + "/model"
      try FileSystem.makeDirectory(directory)
      try FileSystem.rename(file, to: directory + "/model.safetensors")
      let checkpoint = try Checkpoint(directory: directory)
      for (name, matrix) in matrices + [sparse] {
        let found = try checkpoint.matrix(name, rows: matrix.rows, columns: matrix.columns)
        #expect(found.elementType == matrix.elementType && found.widened().bits == matrix.widened().bits)
      }
      let place = directory + "/model.safetensors"
      #expect(throws: CheckpointError.self) { try SafetensorsFile.write([], to: place) }
      try SafetensorsFile.write([], to: place, replacing: true)
      #expect(try SafetensorsFile(path: place).entries.isEmpty)
      let nowhere = folder + "/no/such"
      do throws(CheckpointError) {
        try SafetensorsFile.write([], to: nowhere)
        Issue.record("it was written")
      } catch {
        #expect(error.file == nowhere && FailureKind(error) == .cannotCreate, "\(error)")
      }
    }
  }
}
