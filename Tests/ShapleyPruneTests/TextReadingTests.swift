import ShapleyPrune
import Support
import TestSupport
import Testing
import Tokenizer

@Suite("Reading texts")
struct TextReadingTests {
  /// What the files of a folder become, by their names.
  private static func read(
    _ files: [(String, String)], _ path: String = "", _ reading: TextReading = TextReading(),
    usually usual: TextReading.Joining = .space
  ) throws -> TextDocuments {
    try withTemporaryFolder { folder in
      for (name, text) in files { try File.replace(Path.join(folder, name), with: Array(text.utf8)) }
      return try TextDocuments(path.isEmpty ? folder : Path.join(folder, path), reading, usually: usual)
    }
  }

  private static func texts(_ documents: TextDocuments) -> [String] {
    documents.texts.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test("a text is as it is, and its hash is that of the file")
  func text() throws {
    let documents = try Self.read([("a.txt", "one\n\ntwo \n")], "a.txt")
    #expect(Self.texts(documents) == ["one\n\ntwo \n"])
    #expect(documents.hash == SHA256.hexadecimal(of: Array("one\n\ntwo \n".utf8)))
    #expect(documents.count == nil)
    #expect(documents.notes.isEmpty)
  }

  @Test("the rows of WikiText: a line with its newline, an empty row for a blank line, joined by two newlines")
  func wikitext() throws {
    let raw = " \n = Title = \n \n A line . \n\n  \t\nlast"
    let documents = try Self.read([("w", raw)], "w", TextReading(format: .wikitext))
    let rows = ["", " = Title = \n", "", " A line . \n", "", "", "last"]
    #expect(Self.texts(documents) == [rows.joined(separator: "\n\n")])
    #expect(documents.joining == "rows joined by an empty line")
    #expect(try Self.texts(Self.read([("w", "")], "w", TextReading(format: .wikitext))) == [""])
  }

  @Test("WikiText-2's test text has the papers' number of tokens", .enabled(if: Fixtures.hasExtra))
  func literature() throws {
    let tokenizer = try BPETokenizer(directory: Fixtures.extra("tokenizers/llama2"))
    let path = Fixtures.extra("data/wiki.test.raw")
    let joined = try TextDocuments(path, TextReading(format: .wikitext), usually: .space)
    let tokens = tokenizer.encodeInParallel(joined.texts[0]).count
    #expect(tokens == 341_469)
    #expect(tokens / 2048 == 166)
    let plain = try TextDocuments(path, TextReading(), usually: .space)
    #expect(tokenizer.encodeInParallel(plain.texts[0]).count == 335_688)
  }

  @Test(
    "JSON lines, an array, and strings in the place of objects are documents",
    arguments: [
      ("a.jsonl", #"{"text": "one", "url": "x"}\#n\#n{"text": "t\u00e9\n"}"#),
      ("a.json", #"{"text": "one"}\#r\#n{"text": "té\n", "score": NaN}\#n"#),
      ("a.json", #" [{"text": "one"}, {"id": 7, "text": "té\n"}]"#),
      ("a.ndjson", #""one"\#n"té\n""#),
    ])
  func json(name: String, content: String) throws {
    let apart = try Self.read([(name, content)], name, TextReading(joining: .apart))
    #expect(Self.texts(apart) == ["one", "té\n"])
    #expect(apart.count == 2)
    #expect(apart.joining == "documents apart")
    #expect(try Self.texts(Self.read([(name, content)], name)) == ["one té\n"])
    #expect(try Self.texts(Self.read([(name, content)], name, TextReading(joining: .paragraph))) == ["one\n\nté\n"])
    #expect(try Self.texts(Self.read([(name, content)], name, usually: .apart)) == ["one", "té\n"])
    // Any name will do where the format is said.
    #expect(try Self.texts(Self.read([("x", content)], "x", TextReading(format: .json))) == ["one té\n"])
    let prose = try Self.read([(name, content)], name, TextReading(format: .text))
    #expect(Self.texts(prose) == [content])
  }

  @Test(
    "what is no document is refused with its line",
    arguments: [
      (
        #"{"text": "a"}\#n{"content": "b", "id": 1}"#,
        "line 2: there is no 'text'; the fields are 'content', 'id'"
      ),
      (#"{"text": 5}"#, "line 1: text: expected a string, not a number"),
      (#"{"text": null}"#, "line 1: text: expected a string, not null"),
      ("{\"text\":\n\"a\"}", "line 1: not valid JSON"),
      ("[{}]", "[0]: there is no 'text'; the fields are none"),
      ("17", "line 1: expected an object or a string, not a number"),
      ("[1, ", "not valid JSON"),
      ("\n \n", "there are no documents"),
    ])
  func malformed(content: String, reason: String) throws {
    let error = try thrown(DocumentError.self) { try Self.read([("a.json", content)], "a.json") }
    #expect("\(error)".contains(reason), "\(error)")
    #expect("\(error)".contains("a.json: "))
  }

  @Test("another field is read where it is named")
  func field() throws {
    let content = #"{"text": "no", "content": "yes"}"#
    #expect(try Self.texts(Self.read([("a.jsonl", content)], "a.jsonl", TextReading(field: "content"))) == ["yes"])
  }

  @Test("a folder's files are documents in the order of their names, and what is not read is named")
  func folder() throws {
    try withTemporaryFolder { folder in
      for (name, text) in [("b.txt", "two"), ("a.txt", "one"), ("c.jsonl", "\"three\"\n\"four\""), (".hidden", "no")] {
        try File.replace(Path.join(folder, name), with: Array(text.utf8))
      }
      try FileSystem.makeDirectory(Path.join(folder, "deeper"))
      let documents = try TextDocuments(folder, TextReading(joining: .apart), usually: .space)
      #expect(Self.texts(documents) == ["one", "two", "three", "four"])
      #expect(documents.count == 4)
      #expect(documents.notes.count == 2)
      #expect(
        documents.notes.allSatisfy { $0.contains(".hidden: it is not read") || $0.contains("deeper: it is not read") })
      // What `sha256sum *` prints.
      let listing = try ["a.txt", "b.txt", "c.jsonl"].map {
        "\(try SHA256.hexadecimal(ofFile: Path.join(folder, $0)))  \($0)\n"
      }
      #expect(documents.hash == SHA256.hexadecimal(of: Array(listing.joined().utf8)))
      try File.replace(Path.join(folder, "ids.npy"), with: [])
      let error = try thrown(DocumentError.self) { try TextDocuments(folder, TextReading(), usually: .space) }
      #expect("\(error)".contains("ids.npy: a folder of texts has no token ids"))
    }
    let set = try thrown(DocumentError.self) {
      try Self.read([("dataset_info.json", "{}"), ("a.arrow", "")])
    }
    #expect("\(set)".contains("datasets.load_from_disk(") && !"\(set)".contains("['"))
    let splits = try thrown(DocumentError.self) {
      try Self.read([("dataset_dict.json", #"{"splits": ["train", "test"]}"#)])
    }
    #expect("\(splits)".contains("')['train'].to_json('"), "\(splits)")
    let error = try thrown(FileError.self) { try Self.read([]) }
    #expect("\(error)".contains("there is no text in this folder"))
  }

  @Test(
    "what looks like something else is noted",
    arguments: [
      ("\u{FEFF}text", "byte order mark"), ("one\r\ntwo", "carriage returns"), (#"{"text": "a"}"#, "begins like JSON"),
      (#"[{"text": "a"}]"#, "begins like JSON"),
    ])
  func notes(content: String, reason: String) throws {
    let documents = try Self.read([("a.txt", content)], "a.txt")
    #expect(Self.texts(documents) == [content])
    #expect(documents.notes.count == 1)
    #expect(documents.notes.first?.contains(reason) == true)
  }

  private static let foreignFiles: [(name: String, bytes: [UInt8], remedy: String)] = [
    (
      "c4.json.gz", [0x1F, 0x8B, 8, 0],
      "compressed by gzip; convert it first: gzip -dc PATH/c4.json.gz > PATH/c4.json"
    ),
    ("my c4.json.gz", [0x1F, 0x8B, 8, 0], "gzip -dc 'PATH/my c4.json.gz' > 'PATH/my c4.json'"),
    ("it's.parquet", Array("PAR1....".utf8), #"pandas.read_parquet('\''PATH/it\'\''s.parquet'\'').to_json"#),
    ("a.zst", [0x28, 0xB5, 0x2F, 0xFD], "zstd -dc PATH/a.zst > PATH/a"),
    ("x.parquet", Array("PAR1....".utf8), "pandas.read_parquet('PATH/x.parquet').to_json('PATH/x.jsonl'"),
    ("x.zip", Array("PK\u{3}\u{4}".utf8), "unzip PATH/x.zip"),
    ("x", [0xFF, 0xFE, 0x41, 0], "UTF-16; convert it first: iconv -f UTF-16 -t UTF-8 PATH/x > PATH/x.utf8.txt"),
    ("x.txt", Array("abcdefghij".utf8.flatMap { [$0, 0] }), "iconv -f UTF-16LE"),
    ("x.txt", Array("abcdefghij".utf8.flatMap { [0, $0] }), "iconv -f UTF-16BE"),
    ("x.txt", [0x93] + Array("NUMPY".utf8) + [1, 0], "mv PATH/x.txt PATH/x.npy"),
    ("x.txt", [0x41, 0xE9, 0x41], "the text is not UTF-8: the first wrong byte is at offset 1"),
  ]

  @Test("a file that is no text is answered with the command that makes one", arguments: foreignFiles)
  func foreign(name: String, bytes: [UInt8], remedy: String) throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, name)
      try File.replace(path, with: bytes)
      let error = try thrown(DocumentError.self) { try TextDocuments(path, TextReading(), usually: .space) }
      #expect("\(error)".replacing(Path.parent(of: path), with: "PATH").contains(remedy), "\(error)")
    }
  }

  @Test("a text with a few zero bytes is a text")
  func zeros() throws {
    #expect(try Self.texts(Self.read([("a.txt", "a\0b\0\0c and more of it")], "a.txt")) == ["a\0b\0\0c and more of it"])
  }
}

@Suite("Documents in tokens")
struct DocumentTests {
  private static func corpus(_ streams: [[Int]]) throws -> CorpusTokens {
    try CorpusTokens(
      .streams(streams), TextProtocol(), name: "x", for: ModelSource(Fixtures.path("random-models/llama-v1")))
  }

  @Test("no window goes over the end of a document")
  func windows() throws {
    let corpus = try Self.corpus([[1, 2, 3, 4, 5], [6], [7, 8, 9, 10]])
    #expect(try corpus.windows(length: 2).tokens == [1, 2, 3, 4, 7, 8, 9, 10])
    #expect(try corpus.windows(length: 4).tokens == [1, 2, 3, 4, 7, 8, 9, 10])
    let error = try thrown((any Error).self) { try corpus.windows(length: 6) }
    #expect("\(error)".contains("the longest of its 3 documents has 5 tokens, and a window needs 6"))
  }

  @Test("samples come from documents that are long enough, each within one")
  func samples() throws {
    let documents = [Array(0..<10), [100, 101], Array(200..<260)]
    let samples = try Self.corpus(documents).samples(count: 400, length: 4, seed: 3)
    var begun = Set<Int>()
    for index in 0..<400 {
      let sample = samples[sequences: index..<index + 1].tokens
      #expect(sample == Array(sample[0]..<sample[0] + 4))
      #expect(documents.contains { $0.contains(sample[0]) && $0.contains(sample[3]) })
      begun.insert(sample[0])
    }
    // Documents are drawn alike: half of the draws are of the short one, whose seven places all come up.
    #expect(begun.intersection(0..<7).count == 7)
    #expect(begun.filter { $0 >= 200 }.count > 40)
  }

  @Test("windows held back are the last, and no sample touches them")
  func heldBack() throws {
    let corpus = try Self.corpus([Array(0..<40), [90], Array(100..<109), Array(200..<207)])
    let (samples, held) = try corpus.samples(count: 200, length: 4, seed: 1, holdingBack: 2)
    #expect(held.tokens == Array(105..<109) + Array(203..<207))
    #expect(Set(samples.tokens).isDisjoint(with: held.tokens))
    let (_, one) = try corpus.samples(count: 200, length: 4, seed: 1, holdingBack: 1)
    #expect(one.tokens == Array(203..<207))
  }
}
