import ShapleyPrune
import Support

/// The model and texts that come with the program.
///
/// They are found without SwiftPM's bundles, whose accessor would make Foundation a part of the program.
package enum EmbeddedModel {
  /// Where an installation keeps them, beside the executable or under its prefix, and where the sources do that it was built from.
  private static var folders: [String] {
    let bin = Path.parent(of: Process.executablePath ?? ".")
    let sources = Path.parent(of: Path.parent(of: #filePath))
    return [
      Path.join(bin, "svnup.resources"), Path.join(Path.parent(of: bin), "share/svnup"),
      Path.join(sources, "Resources"),
    ]
  }

  /// The LLaMA trained on the King James Bible.
  static func model() throws -> String { try find("kjv-llama", in: folders) }
  /// Its held-out and training texts: `test`, `valid` or `calibration`.
  static func text(_ name: String) throws -> Corpus {
    .text(Path.join(try find("kjv-text", in: folders), "\(name).txt"))
  }

  /// The first of some folders that has a file or folder of this name; throws a `FileError` where none does.
  package static func find(_ name: String, in folders: [String]) throws -> String {
    let candidates = folders.map { Path.join($0, name) }
    guard let found = candidates.first(where: FileSystem.exists) else {
      throw FileError(
        candidates.first ?? name, "find the embedded model",
        reason: "copy the sources' folder Resources there", failureKind: .noInput)
    }
    return found
  }
}
