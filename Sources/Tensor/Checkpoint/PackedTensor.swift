import Support

/// The names of a packed file's parts and of what tells that a file is packed.
package enum PackedFormat {
  /// Metadata: the version of the form.
  static let versionKey = "svnup.packed"
  static let version = "1"
  /// Metadata: the header of the file that the packed one stands for, as that file has it.
  static let headerKey = "svnup.header"
  /// Metadata of a packed index: the index that it stands for, as it was.
  static let indexKey = "svnup.index"

  /// What a file name has in front of its ending, as Hugging Face names variants of a checkpoint: no program that expects dense weights
  /// finds these.
  static let variant = ".packed"

  enum Part: String, CaseIterable {
    /// The kept elements, row by row, in the stored type.
    case values
    /// (rows, columns / 8 rounded up) bytes: bit c % 8 of byte c / 8 of a row is set where column c is kept.
    case bitmap
    /// The column of every kept element, 16 bits.
    case columns
    /// How many elements each row keeps, 32 bits.
    case counts

    func name(of tensor: TensorName) -> TensorName { TensorName(tensor.bytes + Array(".\(rawValue)".utf8)) }
  }

  /// The name of the packed form of a file of weights: model.safetensors becomes model.packed.safetensors.
  package static func packedName(of name: String) -> String {
    let ending = name.hasSuffix(".index.json") ? ".safetensors.index.json" : ".safetensors"
    return name.hasSuffix(ending) ? "\(name.dropLast(ending.count))\(variant)\(ending)" : "\(name)\(variant)"
  }

  /// The name of the file that a packed one stands for; nil where the name is not that of a packed file.
  static func denseName(of name: String) -> String? {
    for ending in [".safetensors", ".safetensors.index.json", ""] where name.hasSuffix("\(variant)\(ending)") {
      return "\(name.dropLast(variant.count + ending.count))\(ending)"
    }
    return nil
  }
}

/// How a matrix is stored.
package enum MatrixForm: String, Sendable, CaseIterable {
  /// All elements.
  case dense
  /// A bit an element, and those that are kept.
  case bitmap
  /// Those that are kept, each with its column: smaller than a bitmap where fewer than one of sixteen is kept.
  case columns

  /// Bytes of the parts of a matrix, of which `kept` elements are not +0.
  static func byteCount(_ form: Self, rows: Int, columns: Int, type: ElementType, kept: Int) -> Int {
    switch form {
    case .dense: rows * columns * type.byteCount
    case .bitmap: rows * SparseMatrix.bitStride(columns: columns) + kept * type.byteCount
    case .columns: 4 * rows + kept * (2 + type.byteCount)
    }
  }

  /// The form that takes the fewest bytes.
  static func smallest(rows: Int, columns: Int, type: ElementType, kept: Int) -> MatrixForm {
    let possible = columns <= 1 << 16 ? allCases : [.dense, .bitmap]
    func size(_ form: Self) -> Int { byteCount(form, rows: rows, columns: columns, type: type, kept: kept) }
    return possible.reduce(.dense) { size($1) < size($0) ? $1 : $0 }
  }

  /// The bytes of that form.
  package static func leastByteCount(rows: Int, columns: Int, type: ElementType, kept: Int) -> Int {
    let form = smallest(rows: rows, columns: columns, type: type, kept: kept)
    return byteCount(form, rows: rows, columns: columns, type: type, kept: kept)
  }
}

extension TensorEntry {
  /// The type of the elements, where the tensor is a matrix of floats and has elements; nil for all that is never packed.
  var packableType: ElementType? { shape.count == 2 && !range.isEmpty ? ElementType(rawValue: type) : nil }
}

/// A matrix of a packed file: its parts, checked against each other as far as their entries go.
struct PackedTensor: Sendable {
  enum Positions {
    case bitmap(TensorEntry)
    case columns(TensorEntry, counts: TensorEntry)
  }

  let rows: Int
  let columns: Int
  let type: ElementType
  let values: TensorEntry
  let positions: Positions

  var form: MatrixForm {
    switch positions {
    case .bitmap: .bitmap
    case .columns: .columns
    }
  }

  /// The parts of a tensor that a packed file stands for, from the entries that it has.
  ///
  /// Throws `CheckpointError` where one is missing or has the wrong type or shape.
  init(_ dense: TensorEntry, _ entries: [TensorName: TensorEntry], file: String) throws(CheckpointError) {
    func failure(_ name: TensorName, _ field: String, _ reason: String) -> CheckpointError {
      CheckpointError(file, tensor: "\(name)", field: field, reason: reason)
    }
    func part(_ part: PackedFormat.Part, _ type: String, _ shape: [Int?]) throws(CheckpointError) -> TensorEntry {
      let name = part.name(of: dense.name)
      guard let entry = entries[name] else { throw CheckpointError(file, missing: "\(name)") }
      guard entry.type == type else { throw failure(name, "dtype", "it must be \(type), not \(entry.type)") }
      guard entry.shape.count == shape.count, zip(entry.shape, shape).allSatisfy({ $1 == nil || $0 == $1 }) else {
        let wanted = shape.map { $0.map(String.init) ?? "any" }.joined(separator: ", ")
        throw failure(name, "shape", "it must be [\(wanted)], not \(entry.shape)")
      }
      return entry
    }
    guard let type = dense.packableType else {
      throw failure(dense.name, "dtype", "only matrices of floats are packed; this is \(dense.type) \(dense.shape)")
    }
    (rows, columns, self.type) = (dense.shape[0], dense.shape[1], type)
    values = try part(.values, dense.type, [nil])
    if entries[PackedFormat.Part.bitmap.name(of: dense.name)] != nil {
      positions = .bitmap(try part(.bitmap, "U8", [rows, SparseMatrix.bitStride(columns: columns)]))
    } else {
      let entry = try part(.columns, "U16", [values.shape[0]])
      guard columns <= 1 << 16 else { throw failure(entry.name, "shape", "\(columns) columns have no 16-bit numbers") }
      positions = .columns(entry, counts: try part(.counts, "U32", [rows]))
    }
  }

  /// Bytes in memory, in the form whose products are faster for a use; `modelBytes` as in `StoredMatrix.inFasterForm`.
  func byteCount(for use: ProductUse, modelBytes: Int) -> Int {
    // No more than there are, whatever the entry says, which is checked when the matrix is read.
    let (count, kept) = (rows * columns, min(rows * columns, values.shape[0]))
    return StoredMatrix.isFasterWithoutZeros(type, count: count, for: use, zeros: count - kept, modelBytes: modelBytes)
      ? SparseMatrix.byteCount(rows: rows, columns: columns, type, kept: kept) : count * type.byteCount
  }

  /// The entries of the parts.
  var parts: [TensorEntry] {
    switch positions {
    case .bitmap(let bits): [bits, values]
    case .columns(let columns, let counts): [counts, columns, values]
    }
  }

  /// Reads the parts with `read`, which fills a buffer with the bytes of an entry.
  ///
  /// Throws `CheckpointError` where `read` does, and where the positions are none of the matrix or are not as many as the values.
  func matrix(
    file: String, _ read: (TensorEntry, UnsafeMutableRawBufferPointer) throws(CheckpointError) -> Void
  ) throws(CheckpointError) -> SparseMatrix {
    try SparseMatrix(rows: rows, columns: columns, elementType: type) { (target) throws(CheckpointError) in
      switch positions {
      case .bitmap(let bits):
        try read(bits, target)
        try checkBits(target, bits, file)
      case .columns(let entry, let counts):
        target.initializeMemory(as: UInt8.self, repeating: 0)
        let numbers = AlignedStorage(byteCount: entry.range.count)
        let lengths = AlignedStorage(byteCount: counts.range.count)
        try read(entry, numbers.bytes)
        try read(counts, lengths.bytes)
        try setBits(target, numbers, lengths, entry, counts, file)
      }
    } values: { (target, starts) throws(CheckpointError) in
      guard starts[rows] == values.shape[0] else {
        throw CheckpointError(
          file, tensor: "\(values.name)", field: "shape",
          reason: "the positions are \(starts[rows]), the values \(values.shape[0])")
      }
      try read(values, target)
    }
  }

  /// Nothing may be set behind the columns: kernels count the bits of whole bytes.
  private func checkBits(
    _ bits: UnsafeMutableRawBufferPointer, _ entry: TensorEntry, _ file: String
  ) throws(CheckpointError) {
    guard columns % 8 != 0 else { return }
    let (stride, behind) = (SparseMatrix.bitStride(columns: columns), UInt8(truncatingIfNeeded: 0xFF << (columns % 8)))
    for row in 0..<rows where bits[row * stride + stride - 1] & behind != 0 {
      throw CheckpointError(
        file, tensor: "\(entry.name)", field: "row \(row)", reason: "a bit behind its \(columns) columns is set")
    }
  }

  private func setBits(
    _ bits: UnsafeMutableRawBufferPointer, _ numbers: AlignedStorage, _ lengths: AlignedStorage, _ entry: TensorEntry,
    _ counts: TensorEntry, _ file: String
  ) throws(CheckpointError) {
    defer { withExtendedLifetime((numbers, lengths)) {} }
    let column = numbers.pointer.assumingMemoryBound(to: UInt16.self)
    let length = lengths.pointer.assumingMemoryBound(to: UInt32.self)
    let stride = SparseMatrix.bitStride(columns: columns)
    var next = 0
    for row in 0..<rows {
      let end = next + Int(UInt32(littleEndian: length[row]))
      guard end <= entry.shape[0] else {
        throw CheckpointError(
          file, tensor: "\(counts.name)", field: "row \(row)",
          reason: "it keeps elements up to number \(end); there are \(entry.shape[0])")
      }
      var least = 0
      while next < end {
        let found = Int(UInt16(littleEndian: column[next]))
        guard found >= least, found < columns else {
          throw CheckpointError(
            file, tensor: "\(entry.name)", field: "element \(next)",
            reason: "column \(found) of row \(row) is out of order, or not one of its \(columns)")
        }
        bits[row * stride + found / 8] |= 1 << UInt8(found % 8)
        (least, next) = (found + 1, next + 1)
      }
    }
    guard next == entry.shape[0] else {
      throw CheckpointError(
        file, tensor: "\(counts.name)", field: "shape", reason: "the rows keep \(next); there are \(entry.shape[0])")
    }
  }
}
