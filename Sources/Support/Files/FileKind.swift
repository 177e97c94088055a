/// A kind of file that is no plain text, known by its first bytes.
package struct FileKind: Sendable {
  /// What it is, as a message says it.
  package let name: String
  /// The command that makes a text of it, where FILE stands for the path and TEXT for the text's.
  private let command: String
  /// What the text's name ends in; nil where the name without its last ending says it.
  private var ending: String?
  private let beginnings: [[UInt8]]

  private static let parquet =
    #"python3 -c "import pandas; pandas.read_parquet('FILE').to_json('TEXT', orient='records', lines=True)""#
  private static let arrow =
    #"python3 -c "import pyarrow as a; a.ipc.open_stream('FILE').read_pandas().to_json('TEXT', orient='records', lines=True)""#

  private static let all: [FileKind] = [
    FileKind(name: "compressed by gzip", command: "gzip -dc FILE > TEXT", beginnings: [[0x1F, 0x8B]]),
    FileKind(
      name: "compressed by Zstandard", command: "zstd -dc FILE > TEXT", beginnings: [[0x28, 0xB5, 0x2F, 0xFD]]),
    FileKind(
      name: "compressed by xz", command: "xz -dc FILE > TEXT", beginnings: [[0xFD] + Array("7zXZ".utf8) + [0]]),
    FileKind(
      name: "compressed by bzip2", command: "bzip2 -dc FILE > TEXT",
      beginnings: (UInt8(ascii: "1")...UInt8(ascii: "9")).map { Array("BZh".utf8) + [$0] + [0x31, 0x41, 0x59, 0x26] }),
    FileKind(
      name: "a zip archive", command: "unzip FILE",
      beginnings: [Array("PK".utf8) + [3, 4], Array("PK".utf8) + [5, 6]]),
    FileKind(name: "a parquet file", command: parquet, ending: ".jsonl", beginnings: [Array("PAR1".utf8)]),
    FileKind(
      name: "an Arrow file", command: arrow, ending: ".jsonl",
      beginnings: [[0xFF, 0xFF, 0xFF, 0xFF], Array("ARROW1".utf8)]),
    FileKind(name: "a PDF document", command: "pdftotext FILE TEXT", ending: ".txt", beginnings: [Array("%PDF-".utf8)]),
    FileKind(
      name: "a NumPy array", command: "mv FILE TEXT", ending: ".npy", beginnings: [[0x93] + Array("NUMPY".utf8)]),
    FileKind(
      name: "UTF-32", command: "iconv -f UTF-32 -t UTF-8 FILE > TEXT", ending: ".utf8.txt",
      beginnings: [[0xFF, 0xFE, 0, 0], [0, 0, 0xFE, 0xFF]]),
    FileKind(
      name: "UTF-16", command: "iconv -f UTF-16 -t UTF-8 FILE > TEXT", ending: ".utf8.txt",
      beginnings: [[0xFF, 0xFE], [0xFE, 0xFF]]),
  ]

  /// The kind of a file that begins with `bytes`; nil where it may be a text.
  package init?(beginning bytes: [UInt8]) {
    if let kind = Self.all.first(where: { $0.beginnings.contains { bytes.starts(with: $0) } }) {
      self = kind
    } else if let order = Self.byteOrderOfUTF16(bytes) {
      // Without a mark, UTF-16 of Latin letters is valid UTF-8 whose every second character is U+0000.
      self.init(
        name: "UTF-16 without a byte order mark", command: "iconv -f UTF-16\(order) -t UTF-8 FILE > TEXT",
        ending: ".utf8.txt",
        beginnings: [])
    } else {
      return nil
    }
  }

  private init(name: String, command: String, ending: String? = nil, beginnings: [[UInt8]]) {
    (self.name, self.command, self.ending, self.beginnings) = (name, command, ending, beginnings)
  }

  /// What to do with the file.
  package func remedy(for path: String) -> String {
    let name = Path.name(of: path)
    let suffix = name.lastIndex(of: ".").map { name[$0...] } ?? ""
    let text = path.dropLast(suffix.count) + (ending ?? (suffix.isEmpty ? ".txt" : ""))
    let words = command.split(separator: "'", omittingEmptySubsequences: false).map { quoted in
      quoted.split(separator: " ", omittingEmptySubsequences: false)
        .map { $0 == "FILE" ? path : $0 == "TEXT" ? String(text) : String($0) }.joined(separator: " ")
    }
    return "convert it first: \(words.joined(separator: "'"))"
  }

  /// Whether of the first characters one byte is mostly zero, and which.
  private static func byteOrderOfUTF16(_ bytes: [UInt8]) -> String? {
    let start = bytes.prefix(64)
    guard start.count >= 4 else { return nil }
    let zeros = [0, 1].map { parity in start.indices.lazy.filter { $0 % 2 == parity && start[$0] == 0 }.count }
    let enough = start.count / 2 * 3 / 4
    if zeros[1] > enough, zeros[0] == 0 { return "LE" }
    if zeros[0] > enough, zeros[1] == 0 { return "BE" }
    return nil
  }
}
