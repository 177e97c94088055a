import Support

extension Checkpoint {
  /// How the matrices of a checkpoint are stored, and what they take.
  package struct PackedSizes: Sendable, Equatable {
    /// Matrices of each form.
    package var matrices: [MatrixForm: Int] = [:]
    /// Bytes of all tensors, dense and as stored.
    package var denseBytes = 0
    package var storedBytes = 0

    /// Counts a tensor in its smallest form.
    fileprivate mutating func add(_ entry: TensorEntry, _ form: (form: MatrixForm, kept: Int)) {
      denseBytes += entry.range.count
      guard let type = entry.packableType else {
        storedBytes += entry.range.count
        return
      }
      matrices[form.form, default: 0] += 1
      storedBytes += MatrixForm.byteCount(
        form.form, rows: entry.shape[0], columns: entry.shape[1], type: type, kept: form.kept)
    }
  }

  /// The names of the files that the checkpoint has, or stands for.
  package var denseFileNames: [String] { fileNames.map { isPacked ? PackedFormat.denseName(of: $0) ?? $0 : $0 } }

  /// How the matrices are stored now.
  package var packedSizes: PackedSizes {
    var sizes = PackedSizes()
    for shard in shards {
      for entry in shard.entries {
        sizes.denseBytes += entry.range.count
        sizes.storedBytes += shard.storedByteCount(of: entry)
        guard entry.packableType != nil else { continue }
        sizes.matrices[shard.form(of: entry.name), default: 0] += 1
      }
    }
    return sizes
  }

  /// What `writePacked` would store; every matrix is read.
  ///
  /// `progress` is told the bytes of every tensor, dense.
  package func sizesWhenPacked(progress: (Int) -> Void = { _ in }) throws(CheckpointError) -> PackedSizes {
    var sizes = PackedSizes()
    for shard in shards {
      for entry in shard.entries {
        try sizes.add(entry, shard.smallestForm(of: entry))
        progress(entry.range.count)
      }
    }
    return sizes
  }

  /// Writes the checkpoint into a folder with every matrix in its smallest form.
  ///
  /// Each file stands for one of this checkpoint's, which `writeDense` gives back to the byte. Every tensor is read twice: for its size, and
  /// to be written. `progress` is told the bytes of every step, twice those of the dense tensors in all.
  package func writePacked(
    to folder: DirectoryWriter, progress: (Int) -> Void = { _ in }
  ) throws(CheckpointError) -> PackedSizes {
    var sizes = PackedSizes()
    var map: [JSONObject.Member] = []
    for shard in shards {
      let name = PackedFormat.packedName(of: shard.denseName)
      let stored = try shard.writePacked(to: folder, name: name, &sizes, progress)
      map += stored.map { ($0.bytes, JSON(name)) }
    }
    guard let index = try indexText() else { return sizes }
    let metadata = JSON(members: [(PackedFormat.indexKey, JSON.string(index))])
    let packed = JSON(members: [("metadata", metadata), ("weight_map", .object(JSONObject(map)))])
    try CheckpointError.wrap { () throws(FileError) in
      try folder.write(PackedFormat.packedName(of: WeightFiles.indexFile), Array(packed.document.utf8))
    }
    return sizes
  }

  /// Writes the files that a packed checkpoint stands for, to the byte; `progress` is told the bytes of every step.
  package func writeDense(
    to folder: DirectoryWriter, progress: (Int) -> Void = { _ in }
  ) throws(CheckpointError) {
    for shard in shards {
      let file = try CheckpointError.wrap { () throws(FileError) in try folder.create(shard.denseName) }
      try shard.forEachDensePiece { (piece) throws(FileError) in try file.append(piece, progress: progress) }
      try CheckpointError.wrap { () throws(FileError) in try file.synchronize() }
      try shard.checkUnchanged()
    }
    guard let index = try indexText() else { return }
    try CheckpointError.wrap { () throws(FileError) in try folder.write(WeightFiles.indexFile, index) }
  }

  /// Calls `body` with the bytes of a dense file that is packed here, in pieces; false where there is none of that name.
  package func forEachDensePiece(
    of name: String, _ body: (UnsafeRawBufferPointer) throws(FileError) -> Void
  ) throws(CheckpointError) -> Bool {
    if let shard = shards.first(where: { $0.isPacked && $0.denseName == name }) {
      try shard.forEachDensePiece(body)
      return true
    }
    guard isPacked, name == WeightFiles.indexFile, let index = try indexText() else { return false }
    try CheckpointError.wrap { () throws(FileError) in
      try index.withElements { (bytes) throws(FileError) in try body(UnsafeRawBufferPointer(bytes)) }
    }
    return true
  }
}

extension SafetensorsFile {
  /// Writes the packed form of the file; returns the names of what it stores.
  fileprivate func writePacked(
    to folder: DirectoryWriter, name: String, _ sizes: inout Checkpoint.PackedSizes, _ progress: (Int) -> Void
  ) throws(CheckpointError) -> [TensorName] {
    var tensors: [SafetensorsWriter.Tensor] = []
    // The tensor that a part belongs to.
    var owners: [TensorName: (entry: TensorEntry, part: PackedFormat.Part)] = [:]
    for entry in entries {
      let form = try smallestForm(of: entry)
      sizes.add(entry, form)
      func part(_ part: PackedFormat.Part, _ type: String, _ shape: [Int], _ width: Int) {
        let name = part.name(of: entry.name)
        owners[name] = (entry, part)
        tensors.append((name: name, type: type, shape: shape, byteCount: shape.reduce(width, *)))
      }
      let width = ElementType(rawValue: entry.type)?.byteCount ?? 1
      switch form.form {
      case .dense:
        tensors.append((name: entry.name, type: entry.type, shape: entry.shape, byteCount: entry.range.count))
      case .bitmap:
        part(.bitmap, "U8", [entry.shape[0], SparseMatrix.bitStride(columns: entry.shape[1])], 1)
        part(.values, entry.type, [form.kept], width)
      case .columns:
        part(.counts, "U32", [entry.shape[0]], 4)
        part(.columns, "U16", [form.kept], 2)
        part(.values, entry.type, [form.kept], width)
      }
      progress(entry.range.count)
    }
    for entry in entries where owners[entry.name] != nil {
      throw CheckpointError(
        path, tensor: "\(entry.name)", field: "name", reason: "a part of the packed form has this name, too")
    }
    let file = try CheckpointError.wrap { () throws(FileError) in try folder.create(name) }
    let metadata = [
      (key: Array(PackedFormat.versionKey.utf8), value: Array(PackedFormat.version.utf8)),
      (key: Array(PackedFormat.headerKey.utf8), value: try denseHeaderText()),
    ]
    // The matrix whose parts are being written.
    var current: (name: TensorName, matrix: SparseMatrix)?
    try SafetensorsWriter.write(tensors, metadata: metadata, to: file) { (name) throws(CheckpointError) in
      guard let (entry, part) = owners[name] else {
        progress(self.entry(name)?.range.count ?? 0)
        return .tensor(of: self)
      }
      let matrix: SparseMatrix
      if let current, current.name == entry.name {
        matrix = current.matrix
      } else {
        matrix = try self.matrix(entry.name, rows: entry.shape[0], columns: entry.shape[1]).sparseForm()
        current = (entry.name, matrix)
        progress(entry.range.count)
      }
      return .bytes(matrix.bytes(of: part))
    }
    try checkUnchanged()
    return tensors.map(\.name)
  }

  /// The form of a tensor that takes the fewest bytes, and how many of its elements are kept.
  fileprivate func smallestForm(of entry: TensorEntry) throws(CheckpointError) -> (form: MatrixForm, kept: Int) {
    guard let type = entry.packableType else { return (.dense, 0) }
    let (rows, columns) = (entry.shape[0], entry.shape[1])
    let kept = try matrix(entry.name, rows: rows, columns: columns).sparseForm().keptCount
    return (MatrixForm.smallest(rows: rows, columns: columns, type: type, kept: kept), kept)
  }
}

extension SparseMatrix {
  /// A part as a file has it.
  fileprivate func bytes(of part: PackedFormat.Part) -> [UInt8] {
    withParts { bits, values, starts in
      switch part {
      case .bitmap: return Array(bits)
      case .values: return Array(values)
      case .counts:
        return (0..<rows).flatMap { row in
          withUnsafeBytes(of: UInt32(truncatingIfNeeded: starts[row + 1] - starts[row]).littleEndian) { Array($0) }
        }
      case .columns:
        var bytes: [UInt8] = []
        bytes.reserveCapacity(2 * keptCount)
        withView { view in
          for row in 0..<rows {
            view.forEachKept(row: row, columns: 0..<columns) { column in
              bytes.append(UInt8(truncatingIfNeeded: column))
              bytes.append(UInt8(truncatingIfNeeded: column >> 8))
            }
          }
        }
        return bytes
      }
    }
  }
}
