import Support

/// Where the model and the text that come with svnup lie in the repository, and where a benchmark may write.
enum Resources {
  /// The folder of the sources that this program was built from.
  private static let repository = Path.parent(of: Path.parent(of: #filePath))

  /// The LLaMA trained on the King James Bible, and its tokenizer.
  static var model: String { Path.join(repository, "Sources/svnup/Resources/kjv-llama") }

  /// One of its texts: `test`, `valid` or `calibration`.
  static func text(_ name: String) -> String { Path.join(repository, "Sources/svnup/Resources/kjv-text/\(name).txt") }

  /// A folder that is not there yet, for what a benchmark writes and removes again.
  static var scratch: String {
    Path.join(Process.environment("TMPDIR") ?? "/tmp", "svnup-benchmark-\(FileSystem.processIdentifier)")
  }
}
