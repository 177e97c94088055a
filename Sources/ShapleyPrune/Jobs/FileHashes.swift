import Support
import Transformer

/// SHA-256 of the files that a result came from, by their role (`model`, `calibration`, …) and name.
package struct FileHashes: Sendable, Equatable {
  /// The roles in the order in which they were hashed.
  package private(set) var roles: [Named<[Named<String>]>] = []

  package init() {}

  /// Hashes of the files that a run reads: the model's, its tokenizer's, and the texts by their roles.
  init(
    of source: ModelSource, texts: [(role: String, path: String?)], events: any JobEvents
  ) throws {
    let weights = source.directory.checkpoint
    try events.duringBytes("hashing", total: weights.byteCount) { advance in
      try add("model", ["config.json"] + weights.fileNames, in: source.path, advance)
      // A model without a tokenizer is pruned with token ids.
      try add("tokenizer", (try? source.tokenizer())?.definingFiles ?? [], in: source.path, advance)
      for (role, path) in texts {
        guard let path else { continue }
        if TextDocuments.isFolder(path) {
          try add(role, TextDocuments.files(in: path).names, in: path, advance)
        } else {
          try add(role, [Path.name(of: path)], in: Path.parent(of: path), advance)
        }
      }
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
