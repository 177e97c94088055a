import Support

extension ModelDirectory {
  /// File name of the record of a pruning, which is of the directory that it lies in and of no copy.
  package static let recordFile = "svnup.json"

  /// The largest file that comes along: the tokenizers of large vocabularies have some 30 MB.
  private static let companionLimit = 64 << 20

  /// Endings of texts: licences and notices, model cards, templates, vocabularies, settings.
  private static let textEndings = ["json", "txt", "md", "jinja", "model", "tiktoken", "yaml", "yml", "rst"]

  private static let codeEnding = "py"

  /// Names, without an ending, of what must come along with a model.
  private static let legalNames = ["license", "licence", "notice", "copying", "authors", "use_policy"]

  /// Whether a file of this name usually goes with a model: its own, licences and model cards, vocabularies, settings, code.
  package static func isUsual(_ name: String) -> Bool {
    let ending = ending(of: name)
    return isModelFile(name) || isLegal(name) || ending == codeEnding || ending != "txt" && textEndings.contains(ending)
  }

  /// What stands behind a name's last dot, in small letters; empty where there is none.
  private static func ending(of name: String) -> String {
    let parts = name.lowercased().split(separator: ".", omittingEmptySubsequences: false)
    return parts.count > 1 ? String(parts[parts.count - 1]) : ""
  }

  private static func isLegal(_ name: String) -> Bool { legalNames.contains { name.lowercased().hasPrefix($0) } }

  /// The files beside the weights that come along with a copy of the model, and notes on those that stay behind.
  ///
  /// Weights in other forms, the record of a former pruning, links to nothing, folders and hidden files are not the model's; of those
  /// a reader may miss, a note tells.
  package var companions: (names: [String], notes: [String]) {
    var names = fileNames.filter { !checkpoint.fileNames.contains($0) }
    var (code, others, folders, links): ([String], [String], [String], [String]) = ([], [], [], [])
    for name in (try? FileSystem.list(path)) ?? [] where !names.contains(name) && !checkpoint.fileNames.contains(name) {
      guard !name.hasPrefix("."), name != Self.recordFile, !name.hasSuffix(".index.json") else { continue }
      guard let status = try? FileSystem.status(Path.join(path, name)) else {
        links.append(name)
        continue
      }
      if status.kind == .directory { folders.append(name) }
      guard status.kind == .file else { continue }
      let ending = Self.ending(of: name)
      if ending == Self.codeEnding {
        code.append(name)
      } else if Self.textEndings.contains(ending) || Self.isLegal(name), status.size <= Self.companionLimit {
        names.append(name)
      } else {
        others.append(name)
      }
    }
    var notes: [String] = []
    if !code.isEmpty {
      notes.append(
        "remote code stays behind: \(code.joined(separator: ", ")); the result is read by the architecture that "
          + "config.json names")
    }
    if !folders.isEmpty { notes.append("these folders stay behind: \(folders.joined(separator: ", "))") }
    if !links.isEmpty { notes.append("these links lead to nothing and stay behind: \(links.joined(separator: ", "))") }
    if !others.isEmpty { notes.append("these files stay behind: \(others.joined(separator: ", "))") }
    return (names, notes)
  }
}
