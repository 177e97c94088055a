import Support
import Tensor

/// A whole safetensors file: what is accepted is complete and without gaps, and survives being written.
struct SafetensorsTarget: FuzzTarget {
  static let name = "safetensors"

  private let scratch: ScratchFolder

  init(scratch: ScratchFolder) { self.scratch = scratch }

  func check(_ bytes: [UInt8]) throws {
    let path = try scratch.write(bytes, to: "model.safetensors")
    let opened = try accepted(naming: path) { () throws(CheckpointError) in try SafetensorsFile(path: path) }
    guard let file = opened else { return }
    if file.isPacked, try !isReadable(file, path) { return }
    var end = 0
    var names: Set<TensorName> = []
    for entry in file.entries {
      try require(names.insert(entry.name).inserted, "two tensors of one name")
      try require(entry.range.lowerBound == end, "a gap or an overlap before '\(entry.name)'")
      try require(try file.bytes(of: entry.name).count == entry.range.count, "'\(entry.name)' has another size")
      try require(file.entry(entry.name) == entry, "'\(entry.name)' is found as another")
      end = entry.range.upperBound
      if ElementType(rawValue: entry.type) != nil, entry.shape.count == 2 {
        let (rows, columns) = (entry.shape[0], entry.shape[1])
        let matrix = try file.matrix(entry.name, rows: rows, columns: columns)
        try require(matrix.byteCount == entry.range.count, "the matrix '\(entry.name)' has another size")
      }
    }
    try checkCopy(of: file)
  }

  /// Whether every tensor of a packed file can be put together: what its parts hold is known only then.
  private func isReadable(_ file: SafetensorsFile, _ path: String) throws -> Bool {
    for entry in file.entries {
      // A few bytes can stand for a matrix of any size.
      guard entry.range.count < 1 << 24 else { return false }
      let bytes = try accepted(naming: path) { () throws(CheckpointError) in try file.bytes(of: entry.name) }
      guard bytes != nil else { return false }
    }
    return true
  }

  /// A copy has the same tensors with the same bytes, and a copy of the copy is the copy.
  private func checkCopy(of file: SafetensorsFile) throws {
    var copies: [[UInt8]] = []
    var folder = scratch.path
    for name in ["first", "second"] {
      let target = scratch.path(name)
      let writer = try DirectoryWriter(target: target, replacing: true)
      try Checkpoint(directory: folder).write(to: writer, replacing: [:])
      try writer.commit()
      let path = Path.join(target, "model.safetensors")
      copies.append(try File.contents(of: path))
      let copy = try SafetensorsFile(path: path)
      try require(copy.entries == file.entries, "the copy has other tensors")
      for entry in file.entries {
        try require(try copy.bytes(of: entry.name) == file.bytes(of: entry.name), "the copy has other bytes")
      }
      folder = target
    }
    try require(copies[0] == copies[1], "a copy of the copy differs")
  }
}

/// The header of a safetensors file: two bytes say how many bytes follow it, the rest is its text.
struct SafetensorsHeaderTarget: FuzzTarget {
  static let name = "safetensors-header"

  private let whole: SafetensorsTarget

  init(scratch: ScratchFolder) { whole = SafetensorsTarget(scratch: scratch) }

  func check(_ bytes: [UInt8]) throws {
    guard bytes.count >= 2 else { return }
    let dataSize = Int(bytes[0]) | Int(bytes[1]) << 8
    let header = Array(bytes[2...])
    let length = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) }
    try whole.check(length + header + (0..<dataSize).map { UInt8(truncatingIfNeeded: $0) })
  }
}
