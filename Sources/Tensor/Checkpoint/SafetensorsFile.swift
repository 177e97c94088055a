import Support

/// A safetensors file, opened and validated: no byte of data is used before every offset was checked.
///
/// Tensors are read by positional reads into memory of their own; a file that shrinks under the program is an error, never a
/// signal. A packed file (Documentation/Packed.md) is read as the one that it stands for.
public final class SafetensorsFile: Sendable {
  /// Path of the file.
  public let path: String
  /// Tensors in the order of their bytes; those of a packed file as in the file that it stands for.
  public var entries: [TensorEntry] { header.entries }
  /// Whether matrices are stored without their zeros.
  public var isPacked: Bool { packing != nil }

  /// The strings of `__metadata__`, in the order of the file.
  public var metadata: [(key: String, value: String)] {
    header.metadata.map { (String(decoding: $0.key, as: UTF8.self), String(decoding: $0.value, as: UTF8.self)) }
  }

  let header: SafetensorsHeader
  /// What is there instead of the header's tensors, where the file is packed.
  let packing: Packing?
  private let file: File
  private let dataStart: Int
  private let status: FileSystem.Status
  private let indices: [TensorName: Int]

  /// Opens a file and checks its header.
  ///
  /// Throws `CheckpointError` where the file cannot be read or breaks a rule of the format.
  public init(path: String) throws(CheckpointError) {
    self.path = path
    do throws(FileError) {
      file = try File(path)
      status = try file.status()
    } catch { throw CheckpointError(error) }
    let size = status.size
    guard size >= 8 else { throw CheckpointError(path, .noHeaderLength(fileSize: size)) }
    let start: [UInt8]
    do throws(FileError) { start = try file.read(count: min(size, 64), at: 0) } catch { throw CheckpointError(error) }
    if LargeFilePointer.reason(start) != nil { throw CheckpointError(path, .largeFilePointer) }
    let length = start.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
    guard length <= SafetensorsHeader.lengthLimit, length <= UInt64(size - 8) else {
      throw CheckpointError(path, .headerTooLong(length: length, fileSize: size))
    }
    let text: [UInt8]
    do throws(FileError) { text = try file.read(count: Int(length), at: 8) } catch { throw CheckpointError(error) }
    dataStart = 8 + Int(length)
    let stored = try SafetensorsHeader(parsing: text, dataSize: size - dataStart, file: path)
    packing = try Packing(stored, file: path)
    header = packing?.header ?? stored
    indices = Dictionary(header.entries.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The tensor of a name, or nil.
  public func entry(_ name: TensorName) -> TensorEntry? { indices[name].map { header.entries[$0] } }

  /// A tensor's bytes, row by row; those of a packed one with its zeros.
  ///
  /// Throws `CheckpointError` where there is no such tensor or it cannot be read.
  public func bytes(of name: TensorName) throws(CheckpointError) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(try existing(name).range.count)
    try forEachPiece(of: name) { (piece) throws(FileError) in bytes.append(contentsOf: piece) }
    return bytes
  }

  /// Whether a tensor has the type, the shape and the bytes of one of a file.
  ///
  /// A piece of each is in memory at a time; of tensors that are packed, all.
  /// Throws `CheckpointError` where there is no such tensor or it cannot be read.
  package func isSame(
    _ name: TensorName, as other: TensorName, of file: SafetensorsFile
  ) throws(CheckpointError) -> Bool {
    let (entry, otherEntry) = (try existing(name), try file.existing(other))
    guard entry.type == otherEntry.type, entry.shape == otherEntry.shape else { return false }
    guard packing?.tensors[name] == nil, file.packing?.tensors[other] == nil else {
      return try bytes(of: name) == file.bytes(of: other)
    }
    let (place, otherPlace) = (place(of: entry), file.place(of: otherEntry))
    for offset in stride(from: 0, to: place.count, by: File.pieceSize) {
      let count = min(File.pieceSize, place.count - offset)
      let isEqual = try CheckpointError.wrap { () throws(FileError) in
        try self.file.read(count: count, at: place.lowerBound + offset)
          == file.file.read(count: count, at: otherPlace.lowerBound + offset)
      }
      guard isEqual else { return false }
    }
    return true
  }

  /// Calls `body` with a tensor's bytes, as `bytes(of:)` returns them, in consecutive pieces.
  ///
  /// Throws `CheckpointError` where there is no such tensor, it cannot be read, or `body` throws.
  package func forEachPiece(
    of name: TensorName, _ body: (UnsafeRawBufferPointer) throws(FileError) -> Void
  ) throws(CheckpointError) {
    let entry = try existing(name)
    if let packed = packing?.tensors[name] {
      let matrix = try sparse(packed)
      let rows = max(1, File.pieceSize / max(1, matrix.columns * matrix.elementType.byteCount))
      for start in stride(from: 0, to: matrix.rows, by: rows) {
        let part = start..<min(matrix.rows, start + rows)
        let piece = AlignedStorage(byteCount: part.count * matrix.columns * matrix.elementType.byteCount)
        matrix.expand(part, into: piece.pointer)
        try CheckpointError.wrap { () throws(FileError) in try body(UnsafeRawBufferPointer(piece.bytes)) }
      }
      return
    }
    let range = place(of: entry)
    try CheckpointError.wrap { () throws(FileError) in try file.forEachPiece(of: range, body) }
  }

  /// A tensor of floats as a matrix of the given shape, as it is stored: compressed where the file is packed.
  ///
  /// Throws `CheckpointError` where the tensor is missing, has another shape, or is not F32, F16 or BF16.
  public func matrix(_ name: TensorName, rows: Int, columns: Int) throws(CheckpointError) -> StoredMatrix {
    let (entry, type) = try check(name, shape: [rows, columns])
    return try stored(entry, type, rows, columns)
  }

  /// Whether an index may name a tensor, or a part of one, as this file's.
  func stores(_ name: TensorName) -> Bool {
    guard let packing else { return entry(name) != nil }
    return packing.plain[name] != nil || packing.tensors.values.contains { $0.parts.contains { $0.name == name } }
  }

  /// How a tensor's elements are stored.
  package func form(of name: TensorName) -> MatrixForm { packing?.tensors[name]?.form ?? .dense }

  /// The header of the file, or of the one that it stands for, as that has it.
  func denseHeaderText() throws(CheckpointError) -> [UInt8] {
    if let packing { return packing.headerText }
    return try CheckpointError.wrap { () throws(FileError) in try file.read(count: dataStart - 8, at: 8) }
  }

  /// Bytes that a tensor takes in the file.
  package func storedByteCount(of entry: TensorEntry) -> Int {
    packing?.tensors[entry.name]?.parts.reduce(0) { $0 + $1.range.count } ?? entry.range.count
  }

  /// Bytes that a linear's weight takes in memory, loaded for a use, as far as that is known before it is read: without its zeros where it is
  /// packed and faster so; `modelBytes` as in `StoredMatrix.inFasterForm`.
  package func loadedByteCount(of entry: TensorEntry, for use: ProductUse, modelBytes: Int) -> Int {
    packing?.tensors[entry.name]?.byteCount(for: use, modelBytes: modelBytes) ?? entry.range.count
  }

  /// A one-dimensional tensor of floats, widened.
  ///
  /// Throws as `matrix(_:rows:columns:)`.
  public func vector(_ name: TensorName, count: Int) throws(CheckpointError) -> [Float] {
    let (entry, type) = try check(name, shape: [count])
    return try stored(entry, type, 1, count).widened().elements
  }

  /// A tensor of floats, whatever its shape, as a matrix of one row; nil where it is of another type.
  package func row(_ name: TensorName) throws(CheckpointError) -> StoredMatrix? {
    let entry = try existing(name)
    guard let type = ElementType(rawValue: entry.type) else { return nil }
    return try stored(entry, type, 1, entry.range.count / type.byteCount)
  }

  /// The entry and the type of a tensor of floats; throws as `matrix(_:rows:columns:)`, without reading the numbers.
  @discardableResult
  func check(_ name: TensorName, shape: [Int]) throws(CheckpointError) -> (TensorEntry, ElementType) {
    let entry = try existing(name)
    guard entry.shape == shape else {
      throw CheckpointError(path, .wrongShape(tensor: "\(name)", expected: shape, found: entry.shape))
    }
    guard let type = ElementType(rawValue: entry.type) else {
      throw CheckpointError(path, .unsupportedElementType(tensor: "\(entry.name)", type: entry.type))
    }
    return (entry, type)
  }

  /// Throws where the file on disk is no longer the one that was opened.
  package func checkUnchanged() throws(CheckpointError) {
    guard let now = try? FileSystem.status(path), now == status else { throw CheckpointError(path, .replaced) }
  }

  private func existing(_ name: TensorName) throws(CheckpointError) -> TensorEntry {
    guard let entry = entry(name) else { throw CheckpointError(path, .missingTensor("\(name)")) }
    return entry
  }

  private func stored(
    _ entry: TensorEntry, _ type: ElementType, _ rows: Int, _ columns: Int
  ) throws(CheckpointError) -> StoredMatrix {
    if let packed = packing?.tensors[entry.name] {
      let matrix = StoredMatrix(try sparse(packed))
      return matrix.rows == rows && matrix.columns == columns ? matrix : matrix.reshaped(rows: rows, columns: columns)
    }
    let storage = AlignedStorage(byteCount: entry.range.count)
    try read(place(of: entry), into: storage.bytes)
    return StoredMatrix(rows: rows, columns: columns, elementType: type, storage: storage)
  }

  private func sparse(_ packed: PackedTensor) throws(CheckpointError) -> SparseMatrix {
    try packed.matrix(file: path) { (entry, target) throws(CheckpointError) in
      try read(dataStart + entry.range.lowerBound..<dataStart + entry.range.upperBound, into: target)
    }
  }

  /// The bytes of the file in which a tensor is stored that is not packed.
  private func place(of entry: TensorEntry) -> Range<Int> {
    let range = packing?.plain[entry.name]?.range ?? entry.range
    return dataStart + range.lowerBound..<dataStart + range.upperBound
  }

  private func read(_ range: Range<Int>, into target: UnsafeMutableRawBufferPointer) throws(CheckpointError) {
    try CheckpointError.wrap { () throws(FileError) in try file.read(into: target, at: range.lowerBound) }
  }
}

extension SafetensorsFile {
  /// Writes matrices as a file, complete or not at all.
  ///
  ///     try SafetensorsFile.write([("hessian", StoredMatrix(hessian, as: .float32))], to: "hessian.safetensors")
  ///
  /// Throws `CheckpointError` where the file cannot be written, or is there and may not be replaced.
  ///
  /// - Parameters:
  ///   - tensors: the matrices in the order of their bytes, each with its zeros.
  ///   - metadata: the strings of `__metadata__`.
  ///   - path: the file.
  ///   - replacing: whether a file that is there may be replaced.
  /// - Precondition: no name and no key is there twice, and no name is `__metadata__`.
  public static func write(
    _ tensors: [(name: TensorName, matrix: StoredMatrix)], metadata: [(key: String, value: String)] = [],
    to path: String, replacing: Bool = false
  ) throws(CheckpointError) {
    let matrices = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.matrix) })
    precondition(matrices["__metadata__"] == nil, "no tensor can have this name")
    if !replacing, FileSystem.exists(path) { throw CheckpointError(FileError.exists(path)) }
    precondition(Set(metadata.map { Array($0.key.utf8) }).count == metadata.count, "a key is there twice")
    let strings = metadata.map { (key: Array($0.key.utf8), value: Array($0.value.utf8)) }
    let described = tensors.map { name, matrix in
      (
        name: name, type: matrix.elementType.rawValue, shape: [matrix.rows, matrix.columns], byteCount: matrix.byteCount
      )
    }
    try File.replace(path, failure: { CheckpointError($0.about(path)) }) { (file) throws(CheckpointError) in
      do throws(CheckpointError) {
        try SafetensorsWriter.write(described, metadata: strings, to: file) { name in
          matrices[name].map { .matrix($0) } ?? .bytes([])
        }
      } catch { throw error.about(path) }
    }
  }
}
