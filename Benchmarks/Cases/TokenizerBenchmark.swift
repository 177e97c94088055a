import Support
import Tokenizer

/// The ids of a text on one thread: line by line and as a whole, with every word new and with the words of an earlier run known.
enum TokenizerBenchmark: Benchmark {
  static let name = "tokenizer"
  static let summary = "the ids of a text, line by line and whole, one thread (--text, --tokenizer, --split-pattern)"
  static let dependsOnKernel = false
  static let dependsOnThreads = false

  static func run(_ size: Size, _ session: Session) throws {
    let folder = session.tokenizer ?? Resources.model
    let tokenizer = try session.splitPattern.map { try splitting(folder, by: $0) } ?? BPETokenizer(directory: folder)
    let paths = session.text.map { [$0] } ?? ["calibration", "test", "valid"].map(Resources.text)
    let text = try paths.flatMap { try File.contents(of: $0) }
    guard UTF8Validation.firstInvalidOffset(in: text) == nil else {
      throw BenchmarkError.badFile(paths[0], reason: "it is not UTF-8")
    }
    let lines = text.split(separator: UInt8(ascii: "\n")).map(Array.init)
    guard !lines.isEmpty else { throw BenchmarkError.badFile(paths[0], reason: "there is no text in it") }

    let pattern = session.splitPattern == nil ? "" : "+pattern"
    let identifier =
      "\(name)/\(Path.name(of: folder))\(pattern)/\(session.text.map(Path.name) ?? "kjv-text")"
    for (form, texts) in [("lines", lines), ("whole", [text])] {
      let count = try verify(tokenizer, texts, "\(identifier)/\(form)")
      let bytes = texts.reduce(0) { $0 + $1.count }
      let work = Work(
        items: (Double(bytes), "bytes"), facts: [("bytes", bytes), ("texts", texts.count), ("ids", count)])
      session.measure(name, "\(identifier)/\(form)/cold", work, threads: [1]) {
        Harness.time(preparing: { tokenizer.forgettingWords() }) { Harness.consume(encode(texts, $0)) }
      }
      session.measure(name, "\(identifier)/\(form)/warm", work, threads: [1]) {
        Harness.time { encode(texts, tokenizer) }
      }
    }
  }

  /// The vocabulary of a folder's `tokenizer.json` behind another split pattern, which times the matcher of patterns.
  private static func splitting(_ folder: String, by pattern: String) throws -> BPETokenizer {
    let file = try FieldReader(file: Path.join(folder, BPETokenizer.Format.tokenizerJSON.rawValue))
    let splits: JSON = [
      "type": "Sequence",
      "pretokenizers": [
        ["type": "Split", "pattern": ["Regex": JSON(pattern)], "behavior": "Isolated", "invert": false],
        ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false],
      ],
    ]
    let others = file.json.objectMembers.filter { $0.0 != "pre_tokenizer" }
    let target = Resources.scratch
    let writer = try DirectoryWriter(target: target, replacing: false)
    try writer.write("tokenizer.json", JSON(members: others + [("pre_tokenizer", splits)]).encoded())
    try writer.commit()
    defer { FileSystem.removeTree(target) }
    return try BPETokenizer(directory: target, format: .tokenizerJSON)
  }

  private static func encode(_ texts: [[UInt8]], _ tokenizer: BPETokenizer) -> Int {
    texts.reduce(0) { $0 + ids(of: $1, tokenizer).count }
  }

  private static func ids(of text: [UInt8], _ tokenizer: BPETokenizer) -> [Int] {
    tokenizer.encode(text, addingSpecialTokens: false, recognizingSpecialTokens: false)
  }

  /// Every text must come back from its ids, byte for byte; returns how many ids there are.
  private static func verify(_ tokenizer: BPETokenizer, _ texts: [[UInt8]], _ identifier: String) throws -> Int {
    var count = 0
    for (number, text) in texts.enumerated() {
      let ids = ids(of: text, tokenizer)
      guard tokenizer.decode(ids) == text else {
        throw BenchmarkError.wrongResult("\(identifier): text \(number + 1) does not come back")
      }
      count += ids.count
    }
    return count
  }
}
