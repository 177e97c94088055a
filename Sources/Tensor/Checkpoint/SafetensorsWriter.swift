import Support

/// Writes safetensors files.
package enum SafetensorsWriter {
  /// What stands for a tensor's bytes.
  package enum Contents {
    case bytes([UInt8])
    case matrix(StoredMatrix)
  }

  /// Writes one file into an open, empty one and brings it to the disk.
  ///
  /// The tensors' bytes follow one another in the order given; `contents` is asked for each in turn, so that only one needs
  /// to be in memory.
  package static func write(
    _ tensors: [(name: TensorName, type: String, shape: [Int], byteCount: Int)],
    metadata: [(key: [UInt8], value: [UInt8])], to file: File,
    contents: (TensorName) throws(CheckpointError) -> Contents
  ) throws(CheckpointError) {
    var end = 0
    let entries = tensors.map { tensor in
      defer { end += tensor.byteCount }
      return TensorEntry(
        name: tensor.name, type: tensor.type, shape: tensor.shape, range: end..<end + tensor.byteCount)
    }
    try append(SafetensorsHeader(entries: entries, metadata: metadata).encoded(), to: file)
    for entry in entries {
      switch try contents(entry.name) {
      case .bytes(let bytes):
        try check(entry, bytes.count, file)
        try append(bytes, to: file)
      case .matrix(let matrix):
        try check(entry, matrix.byteCount, file)
        var failure: FileError?
        matrix.withBytes { bytes in
          do throws(FileError) {
            try file.append(UnsafeRawBufferPointer(start: bytes, count: matrix.byteCount))
          } catch { failure = error }
        }
        if let failure { throw CheckpointError(failure) }
      }
    }
    do throws(FileError) { try file.synchronize() } catch { throw CheckpointError(error) }
  }

  private static func append(_ bytes: [UInt8], to file: File) throws(CheckpointError) {
    do throws(FileError) { try file.append(bytes) } catch { throw CheckpointError(error) }
  }

  private static func check(_ entry: TensorEntry, _ count: Int, _ file: File) throws(CheckpointError) {
    guard count == entry.range.count else {
      throw CheckpointError(
        file.path, .sizeMismatch(tensor: "\(entry.name)", expected: entry.range.count, found: count))
    }
  }
}
