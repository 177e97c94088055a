import Support
import Tensor
import Transformer

/// SHA-256 of the files that a result came from, by their role (`model`, `calibration`, …) and name.
package struct FileHashes: Sendable, Equatable {
  /// The roles in the order in which they were hashed.
  package private(set) var roles: [Named<[Named<String>]>] = []

  package init() {}

  /// Hashes of the files that a run reads: the model's, its tokenizer's, and the texts by their roles.
  ///
  /// Of a packed model those of the files that it stands for, since it is the same model.
  ///
  /// - Parameter texts: what is read besides, with what reading it told: standard input cannot be read again.
  init(
    of source: ModelSource, texts: [(role: String, path: String?, told: TextProtocol?)], events: any JobEvents
  ) throws {
    let weights = source.directory.checkpoint
    let total = weights.isPacked ? weights.packedSizes.denseBytes : weights.byteCount
    try events.duringBytes("hashing", total: total) { advance in
      try addModel(weights, in: source.path, advance)
      // A model without a tokenizer is pruned with token ids.
      try add("tokenizer", (try? source.tokenizer())?.definingFiles ?? [], in: source.path, advance)
      for (role, path, told) in texts {
        guard let path else { continue }
        if let told, TextInput(path: path).isStandardInput {
          roles.append(Named(role, [Named(TextInput(path: path).name, told.hash)]))
        } else if TextDocuments.isFolder(path) {
          try add(role, TextDocuments.files(in: path).names, in: path, advance)
        } else {
          try add(role, [Path.name(of: path)], in: Path.parent(of: path), advance)
        }
      }
    }
  }

  /// Adds the configuration and the weights.
  private mutating func addModel(_ weights: Checkpoint, in folder: String, _ advance: (Int) -> Void) throws {
    guard weights.isPacked else { return try add("model", ["config.json"] + weights.fileNames, in: folder, advance) }
    try add("model", ["config.json"], in: folder, advance)
    for name in weights.denseFileNames {
      var hash = SHA256()
      _ = try weights.forEachDensePiece(of: name) { piece in
        hash.update(piece)
        advance(piece.count)
      }
      roles[roles.count - 1].value.append(Named(name, hash.hexadecimal()))
    }
  }

  /// Adds the files of a role; `advance` is told the bytes of each step.
  mutating func add(
    _ role: String, _ names: [String], in folder: String, _ advance: (Int) -> Void
  ) throws(FileError) {
    var files: [Named<String>] = []
    for name in names {
      files.append(Named(name, try SHA256.hexadecimal(ofFile: Path.join(folder, name), progress: advance)))
    }
    roles.append(Named(role, files))
  }

  /// The files of a role; nil where there is none.
  package subscript(role: String) -> [Named<String>]? { roles.first { $0.name == role }?.value }

  /// The same without one role.
  func without(_ role: String) -> FileHashes {
    var copy = self
    copy.roles.removeAll { $0.name == role }
    return copy
  }
}

extension FileHashes: Record {
  package static let fields: [RecordField<FileHashes>] = [
    RecordField { hashes in
      hashes.roles.map { ($0.name, FieldFormat.text.named.write($0.value)) }
    } read: { (hashes, object) throws(DocumentError) in
      for (role, files) in try object.members() {
        hashes.roles.append(Named(role, try FieldFormat.text.named.read(files)))
      }
    }
  ]
}
