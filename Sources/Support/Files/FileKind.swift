/// A kind of file that is no plain text, known by its first bytes.
package struct FileKind: Sendable {
  /// What it is, as a message says it.
  package let name: String
  /// What the text's name ends in; nil where the name without its last ending says it.
  private var ending: String?
  private let beginnings: [[UInt8]]
  /// The command that makes a text of the file.
  private let command: @Sendable (_ file: String, _ text: String) -> String

  private static let all: [FileKind] = [
    FileKind(name: "compressed by gzip", beginnings: [[0x1F, 0x8B]]) { "gzip -dc \($0.shellWord) > \($1.shellWord)" },
    FileKind(name: "compressed by Zstandard", beginnings: [[0x28, 0xB5, 0x2F, 0xFD]]) {
      "zstd -dc \($0.shellWord) > \($1.shellWord)"
    },
    FileKind(name: "compressed by xz", beginnings: [[0xFD] + Array("7zXZ".utf8) + [0]]) {
      "xz -dc \($0.shellWord) > \($1.shellWord)"
    },
    FileKind(
      name: "compressed by bzip2",
      beginnings: (UInt8(ascii: "1")...UInt8(ascii: "9")).map { Array("BZh".utf8) + [$0] + [0x31, 0x41, 0x59, 0x26] }
    ) { "bzip2 -dc \($0.shellWord) > \($1.shellWord)" },
    FileKind(name: "a zip archive", beginnings: [Array("PK".utf8) + [3, 4], Array("PK".utf8) + [5, 6]]) { file, _ in
      "unzip \(file.shellWord)"
    },
    FileKind(name: "a parquet file", ending: ".jsonl", beginnings: [Array("PAR1".utf8)]) {
      python(
        "import pandas; pandas.read_parquet(\($0.pythonText)).to_json(\($1.pythonText), orient='records', lines=True)")
    },
    arrow("open_stream", beginning: [0xFF, 0xFF, 0xFF, 0xFF]),
    arrow("open_file", beginning: Array("ARROW1".utf8)),
    FileKind(name: "a PDF document", ending: ".txt", beginnings: [Array("%PDF-".utf8)]) {
      "pdftotext \($0.shellWord) \($1.shellWord)"
    },
    FileKind(name: "a NumPy array", ending: ".npy", beginnings: [[0x93] + Array("NUMPY".utf8)]) {
      "mv \($0.shellWord) \($1.shellWord)"
    },
    encoded("UTF-32", beginnings: [[0xFF, 0xFE, 0, 0], [0, 0, 0xFE, 0xFF]]),
    encoded("UTF-16", beginnings: [[0xFF, 0xFE], [0xFE, 0xFF]]),
  ]

  /// Arrow's two forms, which different functions read.
  private static func arrow(_ function: String, beginning: [UInt8]) -> FileKind {
    FileKind(name: "an Arrow file", ending: ".jsonl", beginnings: [beginning]) {
      python(
        "import pyarrow as a; a.ipc.\(function)(\($0.pythonText)).read_pandas().to_json(\($1.pythonText), orient='records', lines=True)"
      )
    }
  }

  /// The kind of a file that begins with `bytes`; nil where it may be a text.
  package init?(beginning bytes: [UInt8]) {
    if let kind = Self.all.first(where: { $0.beginnings.contains { bytes.starts(with: $0) } }) {
      self = kind
    } else if let order = Self.byteOrderOfUTF16(bytes) {
      // Without a mark, UTF-16 of Latin letters is valid UTF-8 whose every second character is U+0000.
      self = Self.encoded("UTF-16\(order)", beginnings: [])
    } else {
      return nil
    }
  }

  private init(
    name: String, ending: String? = nil, beginnings: [[UInt8]],
    command: @escaping @Sendable (_ file: String, _ text: String) -> String
  ) {
    (self.name, self.ending, self.beginnings, self.command) = (name, ending, beginnings, command)
  }

  private static func encoded(_ encoding: String, beginnings: [[UInt8]]) -> FileKind {
    FileKind(name: encoding, ending: ".utf8.txt", beginnings: beginnings) {
      "iconv -f \(encoding) -t UTF-8 \($0.shellWord) > \($1.shellWord)"
    }
  }

  /// The command that carries out statements, in double quotes where the shell changes nothing in them.
  package static func python(_ statements: String) -> String {
    let isPlain = !statements.utf8.contains { "\"$`\\!".utf8.contains($0) }
    return "python3 -c \(isPlain ? "\"\(statements)\"" : statements.shellWord)"
  }

  /// What to do with the file.
  package func remedy(for path: String) -> String {
    let name = Path.name(of: path)
    let suffix = name.lastIndex(of: ".").map { name[$0...] } ?? ""
    let text = path.dropLast(suffix.count) + (ending ?? (suffix.isEmpty ? ".txt" : ""))
    return "convert it first: \(command(path, String(text)))"
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
