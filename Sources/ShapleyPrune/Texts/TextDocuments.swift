import Support
import Transformer

/// The texts in a file or a folder, as they go to the tokenizer one by one.
package struct TextDocuments {
  /// UTF-8; one where they are joined.
  package private(set) var texts: [[UInt8]] = []
  /// How many documents there were before they were joined; nil where the file is one text.
  package private(set) var count: Int?
  /// SHA-256 of the file, or of the lines that `sha256sum` prints for the files of a folder.
  package private(set) var hash = ""
  /// How the texts came about, as a record says it.
  package private(set) var joining = "the file as it is"
  /// What a user should know of the files.
  package private(set) var notes: [String] = []

  /// Reads a file, standard input for `-`, or every file of a folder in the order of their names.
  ///
  /// Throws where one cannot be read, is no text, or lacks the field.
  package init(_ path: String, _ reading: TextReading, usually usual: TextReading.Joining) throws {
    guard Self.isFolder(path) else {
      let input = TextInput(path: path)
      let bytes = try input.bytes()
      hash = SHA256.hexadecimal(of: bytes)
      try add(bytes, input.name, reading)
      try join(reading.joining ?? usual, path)
      return
    }
    let (names, skipped) = try Self.files(in: path)
    notes = skipped
    var listing = SHA256()
    for name in names {
      let bytes = try TextInput(path: Path.join(path, name)).bytes()
      listing.update(Array("\(SHA256.hexadecimal(of: bytes))  \(name)\n".utf8))
      try add(bytes, Path.join(path, name), reading)
    }
    hash = listing.hexadecimal()
    count = texts.count
    try join(reading.joining ?? usual, path)
  }

  static func isFolder(_ path: String) -> Bool { (try? FileSystem.status(path))?.kind == .directory }

  /// The files of a folder of texts, by name; what is not read is noted.
  static func files(in path: String) throws -> (names: [String], notes: [String]) {
    var (names, notes): ([String], [String]) = ([], [])
    let all = try FileSystem.list(path)
    if all.contains("dataset_info.json") || all.contains(splitsName) {
      throw DocumentError(
        path,
        reason: "this folder is a data set of the library datasets; convert it first: "
          + FileKind.python(
            "import datasets; datasets.load_from_disk(\(path.pythonText))\(firstSplit(of: path, all)).to_json("
              + "\("\(path).jsonl".pythonText))"))
    }
    for name in all {
      let entry = Path.join(path, name)
      if name.hasPrefix(".") || isFolder(entry) {
        notes.append("\(entry): it is not read; of a folder of texts, files count whose names begin with no dot")
      } else if TokenFile.isTokenFile(name) {
        throw DocumentError(entry, reason: "a folder of texts has no token ids; name this file instead of the folder")
      } else {
        names.append(name)
      }
    }
    guard !names.isEmpty else {
      throw FileError(path, "open", reason: "there is no text in this folder", failureKind: .noInput)
    }
    return (names, notes)
  }

  private static let splitsName = "dataset_dict.json"

  /// The index, in Python, of the first split of a folder with several.
  private static func firstSplit(of path: String, _ names: [String]) -> String {
    guard names.contains(splitsName) else { return "" }
    let json = try? JSON.parse(try File.contents(of: Path.join(path, splitsName), limit: 1 << 20))
    return "[\((json?["splits"]?.array?.first?.text ?? "train").pythonText)]"
  }

  /// What a reader of prose should know of some characters.
  package static func notes(onProse bytes: [UInt8], _ name: String) -> [String] {
    markNote(bytes, name)
      + (bytes.contains(0x0D) ? ["\(name): it has carriage returns, which are characters of the text"] : [])
  }

  private static func markNote(_ bytes: [UInt8], _ name: String) -> [String] {
    bytes.starts(with: [0xEF, 0xBB, 0xBF])
      ? ["\(name): it begins with a byte order mark, which is a character of the text"] : []
  }

  private mutating func add(_ bytes: [UInt8], _ name: String, _ reading: TextReading) throws {
    if reading.isJSON(name) {
      notes += Self.markNote(bytes, name)
      let found = try JSONDocuments(name: name, field: reading.field).texts(bytes)
      texts += found
      count = (count ?? 0) + found.count
      return
    }
    notes += Self.notes(onProse: bytes, name)
    if reading.format == .wikitext {
      texts.append(Self.wikitext(bytes))
      joining = "rows joined by an empty line"
    } else {
      if reading.format == .auto, JSONDocuments.isLikely(bytes) {
        notes.append("\(name): it begins like JSON and is read as prose; the format json reads documents")
      }
      texts.append(bytes)
    }
  }

  private mutating func join(_ joining: TextReading.Joining, _ path: String) throws {
    guard let count else { return }
    guard count > 0 else { throw DocumentError(path, reason: "there are no documents") }
    switch joining {
    case .space: (texts, self.joining) = ([Array(texts.joined(separator: " ".utf8))], "documents joined by a space")
    case .paragraph:
      (texts, self.joining) = ([Array(texts.joined(separator: "\n\n".utf8))], "documents joined by an empty line")
    case .apart: self.joining = "documents apart"
    }
  }

  /// The rows of WikiText joined by two newlines.
  ///
  /// A row is a line with its newline; a line of blanks is an empty row.
  private static func wikitext(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count + bytes.count / 64)
    var start = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.count
      if start > 0 { result += [0x0A, 0x0A] }
      let row = bytes[start..<end]
      if !row.allSatisfy({ " \t\r\n".utf8.contains($0) }) { result += row }
      start = end
    }
    return result
  }
}
