import Support
import Tensor
import Transformer

/// A folder in whose place a model is to be written: nothing goes with it but a model.
enum ReplacedFolder {
  /// Why a folder must stay; nil for an empty one, and for a model without anything else.
  static func objection(to path: String) throws(FileError) -> String? {
    let names = try FileSystem.list(path)
    if names.isEmpty { return nil }
    guard names.contains("config.json"), names.contains(where: ModelDirectory.isWeightFile) else {
      return "it exists and holds no model; remove it yourself, or choose another"
    }
    let recorded = recordedNames(in: path)
    let stranger = names.first { name in
      let isFolder = (try? FileSystem.status(Path.join(path, name)))?.kind == .directory
      return isFolder || !belongs(name, recorded)
    }
    return stranger.map { "it holds \($0), which is no part of the model; move that away, or choose another" }
  }

  /// The files that svnup saved there, by the record beside them, dense and packed; nil where there is no such record.
  private static func recordedNames(in path: String) -> [String]? {
    let file = Path.join(path, PruningRecord.fileName)
    guard let fields = try? FieldReader(file: file, limit: 1 << 28),
      let hashes = try? PruningRecord(fields, only: ["sha256"]).hashes["output"]
    else { return nil }
    return hashes.flatMap { [$0.name, PackedFormat.packedName(of: $0.name)] } + [PruningRecord.fileName]
  }

  /// Files that tools leave which fetch or show folders.
  private static let leftByTools = [".gitattributes", ".gitignore", ".DS_Store"]

  /// Whether a file goes with a model: by the record, else by its name.
  private static func belongs(_ name: String, _ recorded: [String]?) -> Bool {
    leftByTools.contains(name) || recorded?.contains(name) ?? ModelDirectory.isUsual(name)
  }
}
