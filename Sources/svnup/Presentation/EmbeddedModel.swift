import ShapleyPrune
import Support

/// The model and texts that come with the program, in the resource bundle beside the executable.
enum EmbeddedModel {
  /// SwiftPM's names for the bundle: one on Linux, one on Apple's systems.
  private static let bundles = ["svnup_svnup.resources", "svnup_svnup.bundle", "svnup_svnup.bundle/Contents/Resources"]

  /// The LLaMA trained on the King James Bible.
  static func model() throws -> String { try resource("kjv-llama") }
  /// Its held-out and training texts: `test`, `valid` or `calibration`.
  static func text(_ name: String) throws -> Corpus { .text(Path.join(try resource("kjv-text"), "\(name).txt")) }

  /// Looks beside the executable, where `swift build` and an installation put the bundle.
  private static func resource(_ name: String) throws -> String {
    let folder = Path.parent(of: Process.executablePath ?? ".")
    let candidates = bundles.map { Path.join(Path.join(folder, $0), name) }
    guard let found = candidates.first(where: FileSystem.exists) else {
      throw FileError(
        candidates[0], "find the embedded model", reason: "keep the folder \(bundles[0]) beside the executable",
        failureKind: .noInput)
    }
    return found
  }
}
