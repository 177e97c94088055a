import Support
import Tokenizer

/// The ids of a text, line by line on one thread.
enum TokenizerBenchmark: Benchmark {
  static let name = "tokenizer"
  static let summary = "the ids of a text, line by line, on one thread (--text, --tokenizer)"
  static let dependsOnKernel = false

  static func run(_ size: Size, _ session: Session) throws {
    let folder = session.tokenizer ?? Resources.model
    let tokenizer = try BPETokenizer(directory: folder)
    let paths = session.text.map { [$0] } ?? ["calibration", "test", "valid"].map(Resources.text)
    let text = try paths.flatMap { try File.contents(of: $0) }
    guard UTF8Validation.firstInvalidOffset(in: text) == nil else {
      throw BenchmarkError.badFile(paths[0], reason: "it is not UTF-8")
    }
    let lines = text.split(separator: UInt8(ascii: "\n")).map(Array.init)
    let bytes = lines.reduce(0) { $0 + $1.count }
    guard bytes > 0 else { throw BenchmarkError.badFile(paths[0], reason: "there is no text in it") }

    let identifier =
      "\(name)/\(Path.name(of: folder))/\(session.text.map(Path.name) ?? "kjv-text")"
    let count = try verify(tokenizer, lines, identifier)
    let work = Work(items: (Double(bytes), "bytes"), facts: [("bytes", bytes), ("lines", lines.count), ("ids", count)])
    session.measure(name, identifier, work, threads: [1]) {
      Harness.time { lines.reduce(0) { $0 + ids(of: $1, tokenizer).count } }
    }
  }

  private static func ids(of line: [UInt8], _ tokenizer: BPETokenizer) -> [Int] {
    tokenizer.encode(line, addingSpecialTokens: false, recognizingSpecialTokens: false)
  }

  /// Every line must come back from its ids, byte for byte; returns how many ids there are.
  private static func verify(_ tokenizer: BPETokenizer, _ lines: [[UInt8]], _ identifier: String) throws -> Int {
    var count = 0
    for (number, line) in lines.enumerated() {
      let ids = ids(of: line, tokenizer)
      guard tokenizer.decode(ids) == line else {
        throw BenchmarkError.wrongResult("\(identifier): line \(number + 1) of those with text does not come back")
      }
      count += ids.count
    }
    return count
  }
}
