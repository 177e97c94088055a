import Support

/// A safetensors file, opened and validated: no byte of data is used before every offset was checked.
///
/// Tensors are read by positional reads into memory of their own; a file that shrinks under the program is an error, never a
/// signal.
public final class SafetensorsFile: Sendable {
  /// Path of the file.
  public let path: String
  /// Tensors in the order of their bytes.
  public var entries: [TensorEntry] { header.entries }

  let header: SafetensorsHeader
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
    if Self.isLargeFilePointer(start) { throw CheckpointError(path, .largeFilePointer) }
    let length = start.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
    guard length <= SafetensorsHeader.lengthLimit, length <= UInt64(size - 8) else {
      throw CheckpointError(path, .headerTooLong(length: length, fileSize: size))
    }
    let text: [UInt8]
    do throws(FileError) { text = try file.read(count: Int(length), at: 8) } catch { throw CheckpointError(error) }
    dataStart = 8 + Int(length)
    header = try SafetensorsHeader(parsing: text, dataSize: size - dataStart, file: path)
    indices = Dictionary(header.entries.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Whether a file that begins with these bytes is a Git LFS pointer.
  static func isLargeFilePointer(_ start: [UInt8]) -> Bool { start.starts(with: "version https://git-lfs".utf8) }

  /// The tensor of a name, or nil.
  public func entry(_ name: TensorName) -> TensorEntry? { indices[name].map { header.entries[$0] } }

  /// A tensor's bytes as they are in the file.
  ///
  /// Throws `CheckpointError` where there is no such tensor or it cannot be read.
  public func bytes(of name: TensorName) throws(CheckpointError) -> [UInt8] {
    let entry = try existing(name)
    do throws(FileError) {
      return try file.read(count: entry.range.count, at: dataStart + entry.range.lowerBound)
    } catch { throw CheckpointError(error) }
  }

  /// Calls `body` with a tensor's bytes as they are in the file, in consecutive pieces.
  ///
  /// Throws `CheckpointError` where there is no such tensor, it cannot be read, or `body` throws.
  package func forEachPiece(
    of name: TensorName, _ body: (UnsafeRawBufferPointer) throws(FileError) -> Void
  ) throws(CheckpointError) {
    let range = try existing(name).range
    try CheckpointError.wrap { () throws(FileError) in
      try file.forEachPiece(of: dataStart + range.lowerBound..<dataStart + range.upperBound, body)
    }
  }

  /// A tensor of floats as a matrix of the given shape, as it is stored.
  ///
  /// Throws `CheckpointError` where the tensor is missing, has another shape, or is not F32, F16 or BF16.
  public func matrix(_ name: TensorName, rows: Int, columns: Int) throws(CheckpointError) -> StoredMatrix {
    let (entry, type) = try check(name, shape: [rows, columns])
    return try stored(entry, type, rows, columns)
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
    let storage = AlignedStorage(byteCount: entry.range.count)
    do throws(FileError) {
      try file.read(into: storage.bytes, at: dataStart + entry.range.lowerBound)
    } catch { throw CheckpointError(error) }
    return StoredMatrix(rows: rows, columns: columns, elementType: type, storage: storage)
  }
}
