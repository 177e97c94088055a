import Foundation
import Support
import Tensor
import TestSupport
import Testing

/// Checkpoints of random tensors in random shards, from seeds: what was written is read, and what was read is written.
@Suite struct RandomCheckpointTests {
  private typealias Tensor = SafetensorsRoundTripTests.Tensor

  /// Bit patterns that arithmetic would change, by the type's number of bytes: NaN with payloads, quiet and signalling, of either
  /// sign; infinities; the smallest and largest subnormals; zeros of either sign; the largest finite numbers.
  private static let special: [Int: [UInt64]] = [
    1: [0x7F, 0xFF, 0x7C, 0xFC, 0x80, 0x00, 0x01, 0x83, 0x7D],
    2: [
      0x7C01, 0xFE55, 0x7F81, 0xFFC1, 0x7C00, 0xFC00, 0x7F80, 0xFF80, 0x0001, 0x83FF, 0x807F, 0x8000, 0x0000, 0x7BFF,
    ],
    4: [0x7F80_0001, 0xFFC0_1234, 0x7FFF_FFFF, 0x7F80_0000, 0xFF80_0000, 0x0000_0001, 0x807F_FFFF, 0x8000_0000, 0],
    8: [0x7FF0_0000_0000_0001, 0xFFF8_0000_DEAD_BEEF, 0x7FF0 << 48, 0xFFF0 << 48, 1, 0x800F << 48 | 7, 1 << 63, 0],
  ]

  /// Elements of which every second one is special.
  private static func contents(_ count: Int, width: Int, _ generator: inout SeededGenerator) -> [UInt8] {
    (0..<count).flatMap { _ -> ArraySlice<UInt8> in
      let patterns = special[width] ?? []
      let bits =
        generator.below(2) == 0 || patterns.isEmpty ? generator.next() : patterns[generator.below(patterns.count)]
      return withUnsafeBytes(of: bits.littleEndian) { Array($0) }.prefix(width)
    }
  }

  /// Up to 24 tensors of every type, of ranks 0 to 5, some of them without elements.
  private static func tensors(_ generator: inout SeededGenerator) -> [Tensor] {
    let types = SafetensorsRoundTripTests.types.sorted { $0.key < $1.key }
    return (0..<generator.below(25)).map { number in
      let (type, width) = types[generator.below(types.count)]
      let shape = (0..<generator.below(6)).map { _ in generator.below(8) == 0 ? 0 : 1 + generator.below(4) }
      // Every name occurs once, and some only differ in how Unicode composes their letters.
      let name = SafetensorsRoundTripTests.randomText(&generator) + Array("-\(number / 2)".utf8)
      let accent = Array((number % 2 == 0 ? "é" : "e\u{301}").utf8)
      let bytes = contents(shape.reduce(1, *), width: width, &generator)
      return (TensorName(name + accent), type, shape, bytes)
    }
  }

  /// Deals the tensors out to shards, each with metadata of its own; none of the shards is empty.
  private static func shards(_ tensors: [Tensor], _ generator: inout SeededGenerator) -> [[Tensor]] {
    guard !tensors.isEmpty else { return [] }
    var shards: [[Tensor]] = Array(repeating: [], count: 1 + generator.below(tensors.count))
    for tensor in tensors { shards[generator.below(shards.count)].append(tensor) }
    return shards.filter { !$0.isEmpty }
  }

  private static func write(_ shards: [[Tensor]], to folder: String, _ generator: inout SeededGenerator) throws {
    var map: [JSONObject.Member] = []
    for (number, shard) in shards.enumerated() {
      let name = ["model-\(number).safetensors", "части \(number)", "\u{1F9E9}\(number)\n"][generator.below(3)]
      let metadata = [(key: Array("format".utf8), value: SafetensorsRoundTripTests.randomText(&generator))]
      try SafetensorsRoundTripTests.write(shard, metadata, to: Path.join(folder, name))
      map += shard.map { (key: $0.name.bytes, value: JSON(name)) }
    }
    let index = JSON(members: [("weight_map", .object(JSONObject(map)))])
    try File.replace(Path.join(folder, "model.safetensors.index.json"), with: Array(index.document.utf8))
  }

  @Test("Random tensors in random shards are read as they were written, and copied to the byte", arguments: 0..<100)
  func roundTrip(seed: UInt64) throws {
    var generator = SeededGenerator(seed: 1000 + seed)
    let tensors = Self.tensors(&generator)
    let shards = Self.shards(tensors, &generator)
    try withTemporaryFolder { parent in
      let folder = Path.join(parent, "original")
      try FileSystem.makeDirectory(folder)
      try Self.write(shards, to: folder, &generator)
      let checkpoint = try Checkpoint(directory: folder)
      #expect(checkpoint.shards.count == shards.count)
      #expect(checkpoint.shards.reduce(0) { $0 + $1.entries.count } == tensors.count)
      var replacements: [TensorName: StoredMatrix] = [:]
      for tensor in tensors {
        let shard = try #require(checkpoint.shard(of: tensor.name))
        let entry = try #require(shard.entry(tensor.name))
        #expect(entry.type == tensor.type && entry.shape == tensor.shape)
        #expect(try shard.bytes(of: tensor.name) == tensor.bytes)
        // What a matrix can hold passes through one on its way to the copy.
        if ElementType(rawValue: tensor.type) != nil, tensor.shape.count == 2 {
          replacements[tensor.name] = try checkpoint.matrix(
            tensor.name, rows: tensor.shape[0], columns: tensor.shape[1])
        }
      }

      let copy = Path.join(parent, "copy")
      let writer = try DirectoryWriter(target: copy, replacing: false)
      var written = 0
      try checkpoint.write(to: writer, replacing: replacements) { written += $0 }
      try writer.commit()
      #expect(written >= tensors.reduce(0) { $0 + $1.bytes.count })
      #expect(try FileSystem.list(copy) == FileSystem.list(folder))
      for name in try FileSystem.list(folder) {
        #expect(try File.contents(of: Path.join(copy, name)) == File.contents(of: Path.join(folder, name)))
      }
    }
  }

  @Test("Random tensors in random shards are packed, and come back to the byte", arguments: 0..<40)
  func packing(seed: UInt64) throws {
    var generator = SeededGenerator(seed: 2000 + seed)
    // A matrix without elements may have any number of rows.
    let empty: Tensor = ("empty", "BF16", [1 << 61, 0], [])
    let sparse = (0..<UInt8(120)).flatMap { (index: UInt8) -> [UInt8] in
      Array(repeating: index % 5 == 0 ? index + 1 : 0, count: 4)
    }
    let tensors = Self.tensors(&generator) + [empty, ("sparse", "F32", [3, 40], sparse)]
    let shards = Self.shards(tensors, &generator)
    try withTemporaryFolder { parent in
      let (folder, packed, back) = (
        Path.join(parent, "original"), Path.join(parent, "packed"), Path.join(parent, "back")
      )
      try FileSystem.makeDirectory(folder)
      try Self.write(shards, to: folder, &generator)
      let packing = try DirectoryWriter(target: packed, replacing: false)
      let sizes = try Checkpoint(directory: folder).writePacked(to: packing)
      try packing.commit()
      let checkpoint = try Checkpoint(directory: packed)
      #expect(checkpoint.packedSizes == sizes && (sizes.matrices[.bitmap] ?? 0) > 0)
      let unpacking = try DirectoryWriter(target: back, replacing: false)
      try checkpoint.writeDense(to: unpacking)
      try unpacking.commit()
      #expect(try FileSystem.list(back) == FileSystem.list(folder))
      for name in try FileSystem.list(folder) {
        let isSame = try File.contents(of: Path.join(back, name)) == File.contents(of: Path.join(folder, name))
        #expect(isSame, "\(name)")
      }
    }
  }

  @Test(
    "Every bit pattern of 16 bits, and 65536 of 32, pass through a matrix unchanged", arguments: ElementType.allCases)
  func everyBitPattern(type: ElementType) throws {
    var generator = SeededGenerator(seed: 3)
    let count = 1 << 16
    let bytes =
      type == .float32
      ? Self.contents(count, width: 4, &generator)
      : (0..<count).flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "model.safetensors")
      try SafetensorsRoundTripTests.write([("w", type.rawValue, [256, 256], bytes)], [], to: path)
      let checkpoint = try Checkpoint(directory: folder)
      let writer = try DirectoryWriter(target: Path.join(folder, "copy"), replacing: false)
      try checkpoint.write(to: writer, replacing: ["w": try checkpoint.matrix("w", rows: 256, columns: 256)])
      try writer.commit()
      #expect(try File.contents(of: Path.join(folder, "copy/model.safetensors")) == File.contents(of: path))
    }
  }

  @Test("Tensors around the size of a piece are copied in pieces, to the byte, and every byte is told")
  func pieces() throws {
    let sizes = [File.pieceSize - 1, File.pieceSize, File.pieceSize + 1, 2 * File.pieceSize + 3]
    var generator = SeededGenerator(seed: 4)
    let tensors = sizes.map { size in
      let words = (0...size / 8).map { _ in generator.next() }
      return (TensorName("\(size)"), "U8", [size], words.withUnsafeBytes { Array($0.prefix(size)) }) as Tensor
    }
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "model.safetensors")
      try SafetensorsRoundTripTests.write(tensors, [], to: path)
      let writer = try DirectoryWriter(target: Path.join(folder, "copy"), replacing: false)
      var steps: [Int] = []
      try Checkpoint(directory: folder).write(to: writer, replacing: [:]) { steps.append($0) }
      try writer.commit()
      let (written, wanted) = (steps.reduce(0, +), sizes.reduce(0, +))
      #expect(written == wanted)
      #expect(steps.min() ?? 0 > 0)
      #expect(steps.max() ?? 0 <= File.pieceSize)
      #expect(steps.count == 7)
      #expect(
        try SHA256.hexadecimal(ofFile: Path.join(folder, "copy/model.safetensors"))
          == SHA256.hexadecimal(ofFile: path))
    }
  }
}
