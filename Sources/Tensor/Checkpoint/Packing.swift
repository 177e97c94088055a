import Support

/// What a packed file stands for, and how it stores it.
struct Packing: Sendable {
  /// The header of the file that it stands for.
  let header: SafetensorsHeader
  /// The same as that file has it, to the byte.
  let headerText: [UInt8]
  /// Matrices without their zeros.
  let tensors: [TensorName: PackedTensor]
  /// The entries of all others, as they are stored.
  let plain: [TensorName: TensorEntry]

  /// What the header of a file tells of its packing; nil where the file is not packed.
  ///
  /// Throws `CheckpointError` where the file was packed in another way, or its tensors are not those that it stands for.
  init?(_ stored: SafetensorsHeader, file: String) throws(CheckpointError) {
    guard let version = stored.metadata(PackedFormat.versionKey) else { return nil }
    func failure(_ field: String, _ reason: String) -> CheckpointError {
      CheckpointError(file, tensor: "__metadata__", field: field, reason: reason)
    }
    guard version.elementsEqual(PackedFormat.version.utf8) else {
      throw failure(
        PackedFormat.versionKey,
        "the file was packed in form '\(String(decoding: version.prefix(20), as: UTF8.self))'; "
          + "this program reads form \(PackedFormat.version)")
    }
    guard let text = stored.metadata(PackedFormat.headerKey) else {
      throw failure(PackedFormat.headerKey, "the header of the file that it stands for is missing here")
    }
    headerText = text
    do throws(CheckpointError) { header = try SafetensorsHeader(parsing: text, dataSize: nil, file: file) } catch {
      throw failure(PackedFormat.headerKey, "of the file that it stands for: \(error.reason)")
    }
    let entries = Dictionary(stored.entries.map { ($0.name, $0) }) { first, _ in first }
    var (plain, tensors): ([TensorName: TensorEntry], [TensorName: PackedTensor]) = ([:], [:])
    var used: Set<TensorName> = []
    for entry in header.entries {
      let parts: [TensorEntry]
      if let same = entries[entry.name] {
        guard same.type == entry.type, same.shape == entry.shape else {
          throw CheckpointError(
            file, tensor: "\(entry.name)", field: "shape",
            reason: "it is \(same.type) \(same.shape), but stands for \(entry.type) \(entry.shape)")
        }
        plain[entry.name] = same
        parts = [same]
      } else {
        let packed = try PackedTensor(entry, entries, file: file)
        tensors[entry.name] = packed
        parts = packed.parts
      }
      for part in parts where !used.insert(part.name).inserted {
        throw CheckpointError(file, tensor: "\(part.name)", field: "name", reason: "it belongs to two tensors")
      }
    }
    if let stranger = stored.entries.first(where: { !used.contains($0.name) }) {
      throw CheckpointError(
        file, tensor: "\(stranger.name)", field: "name",
        reason: "the header that the file stands for has no such tensor")
    }
    (self.plain, self.tensors) = (plain, tensors)
  }
}

extension SafetensorsFile {
  /// The name that the file has as a dense one.
  package var denseName: String {
    let name = Path.name(of: path)
    return isPacked ? PackedFormat.denseName(of: name) ?? name : name
  }

  /// Calls `body` with the bytes of the file that a packed one stands for, in consecutive pieces.
  ///
  /// Throws `CheckpointError` where a tensor cannot be read, or `body` throws.
  ///
  /// - Precondition: the file is packed.
  package func forEachDensePiece(
    _ body: (UnsafeRawBufferPointer) throws(FileError) -> Void
  ) throws(CheckpointError) {
    guard let packing else { preconditionFailure("the file is not packed") }
    let start = SafetensorsHeader.encoded(packing.headerText)
    try CheckpointError.wrap { () throws(FileError) in
      try start.withElements { (bytes) throws(FileError) in try body(UnsafeRawBufferPointer(bytes)) }
    }
    for entry in entries { try forEachPiece(of: entry.name, body) }
  }
}
