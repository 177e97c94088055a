import Support
import Tensor
import Transformer

/// The comparison of a saved directory with the record beside it, up to the first difference.
///
///     let result = try VerifyJob("opt-125m-pruned").run()
///     print(result.sparsity)
public struct VerifyJob: Sendable {
  /// The saved directory.
  public var directory: String
  /// Who is told how the work goes.
  public var events: any JobEvents = SilentEvents()

  /// The verification of a directory.
  public init(_ directory: String) { self.directory = directory }

  /// Reads all files again and compares them.
  ///
  /// Throws an error for the first difference, and what reading the files throws.
  public func run() throws -> VerifyResult { try Verification(directory, events).result }
}

/// What a verification found; there was no difference.
public struct VerifyResult: Sendable {
  /// The directory.
  public let directory: String
  /// Files whose SHA-256 was compared; nil where the record is of a version that did not record them.
  public let hashedFiles: Int?
  /// Tensors of all files.
  public let tensors: Int
  /// Linears of all blocks.
  public let linears: Int
  /// Zeros among their weights.
  public let zeros: Int
  /// The fraction of zeros.
  public let sparsity: Double
  /// N:M, where every linear has it.
  public let pattern: SparsityPattern?
}

/// A directory while it is compared with its record.
private struct Verification {
  private let path: String
  /// Path of the record.
  private let file: String
  private let record: PruningRecord
  /// SHA-256 of the other files; nil in a record of a version that did not know them.
  private let hashes: [Named<String>]?
  private let model: ModelDirectory
  /// Zeros and weights of the blocks' linears, as found.
  private var zeros = 0
  private var count = 0

  /// A linear's record, and where it stands.
  private struct Linear {
    let field: String
    let record: LinearRecord
  }

  init(_ path: String, _ events: any JobEvents) throws {
    self.path = path
    guard (try? FileSystem.status(path))?.kind == .directory else {
      throw FileError(path, "open", reason: "there is no such folder", failureKind: .noInput)
    }
    file = Path.join(path, PruningRecord.fileName)
    guard FileSystem.exists(file) else {
      let reason = "it is missing; verify needs a directory that svnup saved"
      throw FileError(file, "read", reason: reason, failureKind: .noInput)
    }
    // What else the record tells is not compared with anything, so it may be of a method that this program does not
    // have.
    record = try PruningRecord(
      FieldReader(file: file, limit: 1 << 28), only: ["sparsity", "pattern", "blocks", "sha256"])
    hashes = record.hashes["output"]
    // A packed directory is compared as the files that it stands for, for which it must be opened.
    let packed = try Self.packed(in: path, hashes ?? [])
    if let hashes { try Self.check(hashes, in: path, packed, recordedIn: file, events) }
    model = try ModelDirectory(path: path)
    for note in model.notes { events.note(note) }
    if let hashes { try checkCompleteness(hashes.map(\.name)) }
    let linears = try linears()
    let shards = model.checkpoint.shards
    try events.duringBytes("reading \(path)", total: model.checkpoint.byteCount) { advance in
      for shard in shards {
        for entry in shard.entries {
          try check(entry, in: shard, linears[entry.name])
          advance(entry.range.count)
        }
      }
    }
    try checkSums()
  }

  var result: VerifyResult {
    VerifyResult(
      directory: path, hashedFiles: hashes?.count,
      tensors: model.checkpoint.shards.reduce(0) { $0 + $1.entries.count },
      linears: record.blocks.reduce(0) { $0 + $1.linears.count }, zeros: zeros,
      sparsity: Double(zeros) / Double(count), pattern: record.groups)
  }

  private func difference(_ field: String, _ reason: String) -> DocumentError {
    DocumentError(file, field: field, reason: reason)
  }

  // MARK: Files

  /// The weights of a directory, where one of the recorded files is packed; nil where they are as they were saved.
  private static func packed(in path: String, _ hashes: [Named<String>]) throws -> Checkpoint? {
    let isPacked = hashes.contains { file in
      !FileSystem.exists(Path.join(path, file.name))
        && FileSystem.exists(Path.join(path, PackedFormat.packedName(of: file.name)))
    }
    return isPacked ? try Checkpoint(directory: path) : nil
  }

  private static func check(
    _ hashes: [Named<String>], in path: String, _ packed: Checkpoint?, recordedIn file: String, _ events: any JobEvents
  ) throws {
    if let stranger = hashes.first(where: { !Path.isPlainName($0.name) }) {
      throw DocumentError(file, field: "sha256.output", reason: "'\(stranger.name)' is not a plain file name")
    }
    var files = hashes.map { (path: Path.join(path, $0.name), hash: $0.value) }
    if let packed { try check(&files, in: packed, events) }
    for (file, _) in files where !FileSystem.exists(file) {
      throw DocumentError(file, reason: "it is missing; \(PruningRecord.fileName) records it")
    }
    let total = try files.reduce(0) { $0 + (try FileSystem.status($1.path).size) }
    try events.duringBytes("hashing \(path)", total: total) { advance in
      for (file, hash) in files {
        let found = try SHA256.hexadecimal(ofFile: file, progress: advance)
        guard found == hash else {
          throw DocumentError(
            file, reason: "its SHA-256 is \(found); \(PruningRecord.fileName) records \(hash)")
        }
      }
    }
  }

  /// Compares the files that a packed checkpoint stands for, and takes them off the list.
  private static func check(
    _ files: inout [(path: String, hash: String)], in packed: Checkpoint, _ events: any JobEvents
  ) throws {
    try events.duringBytes("hashing what is packed", total: packed.byteCount) { advance in
      var rest: [(path: String, hash: String)] = []
      for (file, hash) in files {
        var found = SHA256()
        let isPacked = try packed.forEachDensePiece(of: Path.name(of: file)) { piece in
          found.update(piece)
          advance(piece.count)
        }
        guard isPacked else {
          rest.append((file, hash))
          continue
        }
        let digest = found.hexadecimal()
        guard digest == hash else {
          throw DocumentError(
            file, reason: "as it is packed its SHA-256 is \(digest); \(PruningRecord.fileName) records \(hash)")
        }
      }
      files = rest
    }
  }

  /// Whatever the model consists of must have been saved with it.
  private func checkCompleteness(_ names: [String]) throws(DocumentError) {
    for name in model.denseFileNames where !names.contains(name) {
      throw DocumentError(Path.join(path, name), reason: "\(PruningRecord.fileName) records no such file")
    }
  }

  // MARK: Tensors

  /// The record's linears, which must be those that the configuration asks for, with the shapes that it asks for.
  private func linears() throws -> [TensorName: Linear] {
    let names = model.linearNames
    guard names.count == record.blocks.count else {
      throw difference("blocks", "it records \(record.blocks.count); the model has \(names.count)")
    }
    var linears: [TensorName: Linear] = [:]
    for (index, (names, block)) in zip(names, record.blocks).enumerated() {
      let field = "blocks[\(index)].linears"
      guard names == block.linears.map(\.value.tensor) else {
        let expected = names.map { "\($0)" }.joined(separator: ", ")
        throw difference(field, "the model's are \(expected)")
      }
      for linear in block.linears {
        linears[linear.value.tensor] = Linear(field: "\(field).\(linear.name)", record: linear.value)
      }
    }
    return linears
  }

  private mutating func check(_ entry: TensorEntry, in shard: SafetensorsFile, _ linear: Linear?) throws {
    // Types that are no floats have no number that is not finite.
    guard let values = try shard.row(entry.name) else { return }
    // A tensor that the model does not read may hold anything, as it did before.
    if model.tensors.contains(entry.name), let index = values.firstNonFiniteIndex {
      throw ModelError.nonFiniteWeight(file: shard.path, tensor: "\(entry.name)", index: index)
    }
    guard let linear else { return }
    let found = values.zeroCount
    guard values.count == linear.record.count, found == linear.record.zeros else {
      throw DocumentError(
        shard.path,
        reason: "tensor '\(entry.name)': \(found) of \(values.count) weights are zero; "
          + "\(PruningRecord.fileName) records \(linear.record.zeros) of \(linear.record.count)")
    }
    try check(linear.record.sparsity, linear.field + ".sparsity", zeros: found, count: values.count)
    if case .structured(let keep, let of)? = record.groups, let columns = entry.shape.last {
      try check(values, columns: columns, keep: keep, of: of, in: "\(shard.path): tensor '\(entry.name)'")
    }
    zeros += found
    count += values.count
  }

  private func check(
    _ values: StoredMatrix, columns: Int, keep: Int, of size: Int, in place: String
  ) throws(DocumentError) {
    guard columns % size == 0 else {
      throw DocumentError(place, reason: "its \(columns) columns are not whole groups of \(size)")
    }
    guard let (index, kept) = values.firstGroup(of: size, keepingMoreThan: keep) else { return }
    let (row, column) = index.quotientAndRemainder(dividingBy: columns)
    throw DocumentError(
      place,
      reason: "row \(row), columns \(column) to \(column + size - 1): \(kept) weights are not zero; "
        + "\(PruningRecord.fileName) records \(keep):\(size)")
  }

  // MARK: Sums

  private func checkSums() throws(DocumentError) {
    // The linears' own numbers have been found to be true.
    for (index, block) in record.blocks.enumerated() {
      let (zeros, count) = block.linears.reduce((0, 0)) { ($0.0 + $1.value.zeros, $0.1 + $1.value.count) }
      try check(block.sparsity, "blocks[\(index)].sparsity", zeros: zeros, count: count)
    }
    try check(record.sparsity, "sparsity", zeros: zeros, count: count)
  }

  private func check(_ sparsity: Double, _ field: String, zeros: Int, count: Int) throws(DocumentError) {
    let found = Double(zeros) / Double(count)
    guard sparsity == found else { throw difference(field, "it is \(sparsity); the weights have \(found)") }
  }
}
