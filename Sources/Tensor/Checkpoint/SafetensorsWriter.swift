import Support

/// Writes safetensors files.
package enum SafetensorsWriter {
  /// What stands for a tensor's bytes.
  package enum Contents {
    case bytes([UInt8])
    case matrix(StoredMatrix)
    /// The tensor of the same name in another file.
    case tensor(of: SafetensorsFile)
  }

  /// A tensor to be written.
  package typealias Tensor = (name: TensorName, type: String, shape: [Int], byteCount: Int)

  /// Writes one file into an open, empty one and brings it to the disk.
  ///
  /// The tensors' bytes follow one another in the order given; `contents` is asked for each in turn, so that only one needs to be
  /// in memory, and a tensor of another file passes in pieces. `progress` is told the bytes of every step.
  package static func write(
    _ tensors: [Tensor],
    metadata: [(key: [UInt8], value: [UInt8])], to file: File, progress: (Int) -> Void = { _ in },
    contents: (TensorName) throws(CheckpointError) -> Contents
  ) throws(CheckpointError) {
    var end = 0
    let entries = tensors.map { tensor in
      defer { end += tensor.byteCount }
      return TensorEntry(
        name: tensor.name, type: tensor.type, shape: tensor.shape, range: end..<end + tensor.byteCount)
    }
    try CheckpointError.wrap { () throws(FileError) in
      try file.append(SafetensorsHeader(entries: entries, metadata: metadata).encoded())
    }
    for entry in entries { try append(try contents(entry.name), for: entry, to: file, progress) }
    try CheckpointError.wrap { () throws(FileError) in try file.synchronize() }
  }

  private static func append(
    _ contents: Contents, for entry: TensorEntry, to file: File, _ progress: (Int) -> Void
  ) throws(CheckpointError) {
    func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) { try file.append(bytes, progress: progress) }
    switch contents {
    case .bytes(let bytes):
      try check(entry, bytes.count, file)
      try CheckpointError.wrap { () throws(FileError) in
        try file.append(bytes)
        progress(bytes.count)
      }
    case .matrix(let matrix):
      try check(entry, matrix.byteCount, file)
      try CheckpointError.wrap { () throws(FileError) in
        try matrix.withBytes { (bytes) throws(FileError) in
          try append(UnsafeRawBufferPointer(start: bytes, count: matrix.byteCount))
        }
      }
    case .tensor(let source):
      try check(entry, source.entry(entry.name)?.range.count ?? 0, file)
      try source.forEachPiece(of: entry.name, append)
    }
  }

  private static func check(_ entry: TensorEntry, _ count: Int, _ file: File) throws(CheckpointError) {
    guard count == entry.range.count else {
      throw CheckpointError(
        file.path, .sizeMismatch(tensor: "\(entry.name)", expected: entry.range.count, found: count))
    }
  }
}
