import ShapleyPrune
import Support
import Tensor
import Transformer

/// Reads a saved directory again and compares it with the record beside it, up to the first difference.
struct Verification {
  private let path: String
  private let record: SavedRecord
  private let model: ModelDirectory
  /// The tensors of all files.
  private let tensorCount: Int
  /// Zeros and weights of the blocks' linears, as found.
  private var zeros = 0
  private var count = 0

  /// Verifies a directory.
  ///
  /// Throws `InputError` for the first difference, and what reading the files throws.
  init(_ path: String, console: Console) throws {
    self.path = path
    record = try SavedRecord(directory: path)
    if let hashes = record.hashes { try Self.check(hashes, in: path, of: record, console: console) }
    model = try ModelDirectory(path: path)
    tensorCount = model.checkpoint.shards.reduce(0) { $0 + $1.entries.count }
    if let hashes = record.hashes { try checkCompleteness(hashes.map(\.name)) }
    let linears = try linears()
    let progress = console.byteProgress("reading \(path)", total: model.checkpoint.byteCount)
    for shard in model.checkpoint.shards {
      for entry in shard.entries {
        try check(entry, in: shard, linears[entry.name])
        progress(entry.range.count)
      }
    }
    try checkSums(linears)
  }

  private func difference(_ source: String, _ reason: String) -> InputError {
    InputError(source: source, reason: reason)
  }

  // MARK: Files

  private static func check(
    _ hashes: [(name: String, hash: String)], in path: String, of record: SavedRecord, console: Console
  ) throws {
    let files = hashes.map { (path: Path.join(path, $0.name), hash: $0.hash) }
    for (file, _) in files where !FileSystem.exists(file) {
      throw InputError(source: file, reason: "it is missing; \(PruningRecord.fileName) records it")
    }
    let total = try files.reduce(0) { $0 + (try FileSystem.status($1.path).size) }
    let progress = console.byteProgress("hashing \(path)", total: total)
    for (file, hash) in files {
      let found = try SHA256.hexadecimal(ofFile: file, progress: progress)
      guard found == hash else {
        throw InputError(
          source: file, reason: "its SHA-256 is \(found); \(PruningRecord.fileName) records \(hash)")
      }
    }
  }

  /// Whatever the model consists of must have been saved with it.
  private func checkCompleteness(_ names: [String]) throws(InputError) {
    for name in model.fileNames where !names.contains(name) {
      throw difference(Path.join(path, name), "\(PruningRecord.fileName) records no such file")
    }
  }

  // MARK: Tensors

  /// The record's linears, which must be those that the configuration asks for, with the shapes that it asks for.
  private func linears() throws -> [TensorName: SavedRecord.Linear] {
    let names = try model.linearNames()
    guard names.count == record.blocks.count else {
      throw difference(record.file, "blocks: it records \(record.blocks.count); the model has \(names.count)")
    }
    var linears: [TensorName: SavedRecord.Linear] = [:]
    for (names, block) in zip(names, record.blocks) {
      guard names == block.linears.map(\.tensor) else {
        let expected = names.map { "\($0)" }.joined(separator: ", ")
        throw difference(record.file, "\(block.field).linears: the model's are \(expected)")
      }
      for linear in block.linears { linears[linear.tensor] = linear }
    }
    return linears
  }

  private mutating func check(_ entry: TensorEntry, in shard: SafetensorsFile, _ linear: SavedRecord.Linear?) throws {
    // Types that are no floats have no number that is not finite.
    guard let values = try shard.row(entry.name) else { return }
    if let index = values.firstNonFiniteIndex {
      throw ModelError.nonFiniteWeight(file: shard.path, tensor: "\(entry.name)", index: index)
    }
    guard let linear else { return }
    let found = values.zeroCount
    guard values.count == linear.count, found == linear.zeros else {
      throw difference(
        shard.path,
        "tensor '\(entry.name)': \(found) of \(values.count) weights are zero; "
          + "\(PruningRecord.fileName) records \(linear.zeros) of \(linear.count)")
    }
    try check(linear.sparsity, linear.field, zeros: found, count: values.count)
    if let pattern = record.pattern, let columns = entry.shape.last {
      try check(values, columns: columns, pattern, in: "\(shard.path): tensor '\(entry.name)'")
    }
    zeros += found
    count += values.count
  }

  private func check(
    _ values: StoredMatrix, columns: Int, _ pattern: GroupPattern, in place: String
  ) throws(InputError) {
    guard columns % pattern.group == 0 else {
      throw difference(place, "its \(columns) columns are not whole groups of \(pattern.group)")
    }
    guard let (index, kept) = values.firstGroup(of: pattern.group, keepingMoreThan: pattern.kept) else { return }
    let (row, column) = index.quotientAndRemainder(dividingBy: columns)
    throw difference(
      place,
      "row \(row), columns \(column) to \(column + pattern.group - 1): \(kept) weights are not zero; "
        + "\(PruningRecord.fileName) records \(pattern.kept):\(pattern.group)")
  }

  // MARK: Sums

  private func checkSums(_ linears: [TensorName: SavedRecord.Linear]) throws(InputError) {
    // The linears' own numbers have been found to be true.
    for block in record.blocks {
      let (zeros, count) = block.linears.reduce((0, 0)) { ($0.0 + $1.zeros, $0.1 + $1.count) }
      try check(block.sparsity, block.field, zeros: zeros, count: count)
    }
    try check(record.sparsity, "", zeros: zeros, count: count)
  }

  private func check(_ sparsity: Double, _ field: String, zeros: Int, count: Int) throws(InputError) {
    let found = Double(zeros) / Double(count)
    guard sparsity == found else {
      let name = field.isEmpty ? "sparsity" : "\(field).sparsity"
      throw difference(record.file, "\(name): it is \(sparsity); the weights have \(found)")
    }
  }

  // MARK: What was found

  private var sparsity: Double { Double(zeros) / Double(count) }
  private var linearCount: Int { record.blocks.reduce(0) { $0 + $1.linears.count } }
  private var patternName: String? { record.pattern.map(ValueKind.pattern.spell) }

  var json: JSON {
    JSON(members: [
      ("hashedFiles", record.hashes.map { JSON($0.count) } ?? .null), ("tensors", JSON(tensorCount)),
      ("linears", JSON(linearCount)), ("zeros", JSON(zeros)), ("sparsity", JSON(sparsity)),
      ("pattern", patternName.map { JSON($0) } ?? .null),
    ])
  }

  var text: String {
    let files =
      record.hashes.map { "\($0.count), each with the SHA-256 it was saved with" }
      ?? "not compared: \(PruningRecord.fileName) is of a version that did not record their SHA-256"
    let pattern = patternName.map { ", \($0) in every row" } ?? ""
    return """
      \(path) is as it was saved
      files    \(files)
      tensors  \(tensorCount), all finite, in the shapes of the configuration
      linears  \(linearCount), \(Quantity.percent(sparsity)) zeros, each as recorded\(pattern)
      """
  }
}
