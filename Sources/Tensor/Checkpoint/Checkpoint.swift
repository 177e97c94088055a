import Support

/// The weights of a model directory: one safetensors file, or the shards that an index lists.
public struct Checkpoint: Sendable {
  /// Shards in the order of their names.
  public let shards: [SafetensorsFile]
  /// Names, relative to the directory, of the files that hold the weights: the shards, and the index where there is one.
  public let fileNames: [String]
  private let locations: [TensorName: Int]
  /// The file that maps tensors to shards, where there is one.
  private let indexFile: String?
  package let directory: String

  /// What a reader of the weights should know about the choice of files.
  public let notes: [String]

  /// Opens the weights in a model directory.
  ///
  /// `model.safetensors` counts before an index, as in transformers; shards without an index are read where none is missing.
  ///
  /// Throws `CheckpointError` where there are none, or one of the files breaks a rule of its format.
  public init(directory: String) throws(CheckpointError) {
    self.directory = directory
    let files = try WeightFiles(in: directory)
    notes = files.notes(directory)
    var map: [(tensor: TensorName, shard: String)] = []
    let names: [String]
    switch files {
    case .single(let name): names = [name]
    case .numbered(let shards): names = shards
    case .indexed(let index):
      map = try Self.weightMap(Path.join(directory, index))
      // Byte by byte: two names that are equal under Unicode normalisation are two files.
      let distinct = Set(map.map { Array($0.shard.utf8) }).sorted { $0.lexicographicallyPrecedes($1) }
      names = distinct.map { String(decoding: $0, as: UTF8.self) }
    }
    var shards: [SafetensorsFile] = []
    for name in names { shards.append(try SafetensorsFile(path: Path.join(directory, name))) }
    if let packed = shards.first(where: \.isPacked), let dense = shards.first(where: { !$0.isPacked }) {
      throw CheckpointError(dense.path, .mixedForms(packedFile: packed.path))
    }
    locations = try Self.locate(shards)
    self.shards = shards
    guard case .indexed(let index) = files else {
      (fileNames, indexFile) = (names, nil)
      return
    }
    (fileNames, indexFile) = (names + [index], index)
    for (tensor, shard) in map {
      let isThere = zip(names, shards).contains { $0.utf8.elementsEqual(shard.utf8) && $1.stores(tensor) }
      guard isThere else {
        throw CheckpointError(Path.join(directory, index), .notInShard(tensor: "\(tensor)", shard: shard))
      }
    }
  }

  /// Whether matrices are stored without their zeros.
  public var isPacked: Bool { shards.contains(where: \.isPacked) }

  /// The index of the dense checkpoint, as it is or was; nil where there is none.
  func indexText() throws(CheckpointError) -> [UInt8]? {
    guard let indexFile else { return nil }
    let path = Path.join(directory, indexFile)
    let text = try CheckpointError.wrap { () throws(FileError) in try File.contents(of: path) }
    guard isPacked else { return text }
    let index: JSON
    do throws(JSONError) { index = try JSON.parse(text) } catch {
      throw CheckpointError(path, .malformedIndex(field: "the index", reason: "\(error)"))
    }
    guard let dense = index["metadata"]?[PackedFormat.indexKey]?.bytes else {
      throw CheckpointError(
        path,
        .malformedIndex(field: "metadata.\(PackedFormat.indexKey)", reason: "the index that it stands for is missing"))
    }
    return dense
  }

  /// Bytes of all tensors.
  package var byteCount: Int { shards.reduce(0) { $0 + ($1.entries.last?.range.upperBound ?? 0) } }

  /// The shard that holds a tensor, or nil where none does.
  public func shard(of name: TensorName) -> SafetensorsFile? { locations[name].map { shards[$0] } }

  /// A tensor as a matrix; throws as `SafetensorsFile.matrix`.
  public func matrix(_ name: TensorName, rows: Int, columns: Int) throws(CheckpointError) -> StoredMatrix {
    try existing(name).matrix(name, rows: rows, columns: columns)
  }

  /// A tensor as a vector; throws as `SafetensorsFile.vector`.
  public func vector(_ name: TensorName, count: Int) throws(CheckpointError) -> [Float] {
    try existing(name).vector(name, count: count)
  }

  /// Checks that there is a tensor of floats of this shape, without reading it; throws as `matrix`.
  package func check(_ name: TensorName, shape: [Int]) throws(CheckpointError) {
    try existing(name).check(name, shape: shape)
  }

  private func existing(_ name: TensorName) throws(CheckpointError) -> SafetensorsFile {
    if let shard = shard(of: name) { return shard }
    let names = shards.flatMap { $0.entries.map { "\($0.name)" } }
    if let wrapped = names.first(where: { $0.hasSuffix(".\(name)") }) {
      throw CheckpointError(directory, .wrappedTensor("\(name)", found: wrapped))
    }
    throw CheckpointError(directory, .missingTensor("\(name)"))
  }

  private static func locate(_ shards: [SafetensorsFile]) throws(CheckpointError) -> [TensorName: Int] {
    var locations: [TensorName: Int] = [:]
    for (index, shard) in shards.enumerated() {
      for entry in shard.entries {
        if let other = locations.updateValue(index, forKey: entry.name) {
          throw CheckpointError(shard.path, .duplicateTensor("\(entry.name)", otherFile: shards[other].path))
        }
      }
    }
    return locations
  }

  /// The index's map from tensors to file names, each checked to be a plain name.
  private static func weightMap(_ path: String) throws(CheckpointError) -> [(tensor: TensorName, shard: String)] {
    func malformed(_ field: String, _ reason: String) -> CheckpointError {
      CheckpointError(path, .malformedIndex(field: field, reason: reason))
    }
    let bytes: [UInt8]
    do throws(FileError) { bytes = try File.contents(of: path) } catch { throw CheckpointError(error) }
    if LargeFilePointer.reason(bytes) != nil { throw CheckpointError(path, .largeFilePointer) }
    let root: JSON
    do throws(JSONError) { root = try JSON.parse(bytes) } catch { throw malformed("the index", "\(error)") }
    guard let map = root["weight_map"]?.object else { throw malformed("weight_map", "an object is missing here") }
    var result: [(tensor: TensorName, shard: String)] = []
    for (key, value) in map.members {
      let tensor = TensorName(key)
      guard let shard = value.text else { throw malformed("weight_map", "the shard of '\(tensor)' must be a string") }
      guard Path.isPlainName(shard) else { throw CheckpointError(path, .unsafeShardPath(shard)) }
      result.append((tensor, shard))
    }
    return result
  }
}

extension Checkpoint {
  /// Writes the checkpoint into a folder with the same files, tensors, order and metadata, dense where it is packed.
  ///
  /// `replacements` take the place of the tensors of those names; each has the shape and the stored type of what it replaces. All
  /// others are copied in pieces. `progress` is told the bytes of every step.
  package func write(
    to folder: DirectoryWriter, replacing replacements: [TensorName: StoredMatrix],
    progress: (Int) -> Void = { _ in }
  ) throws(CheckpointError) {
    for shard in shards {
      let file = try CheckpointError.wrap { () throws(FileError) in try folder.create(shard.denseName) }
      let tensors = shard.entries.map { (name: $0.name, type: $0.type, shape: $0.shape, byteCount: $0.range.count) }
      try SafetensorsWriter.write(tensors, metadata: shard.header.metadata, to: file, progress: progress) {
        replacements[$0].map { .matrix($0) } ?? .tensor(of: shard)
      }
      try shard.checkUnchanged()
    }
    guard let index = try indexText() else { return }
    try CheckpointError.wrap { () throws(FileError) in
      try folder.write(WeightFiles.indexFile, index)
      progress(index.count)
    }
  }
}
