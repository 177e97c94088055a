import Foundation
import Support
import Tokenizer

/// Texts and ids as the reference implementations produce them.
struct Vectors: Sendable {
  static let repository = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  static let fixtures = repository.appendingPathComponent("Tests/Fixtures/tokenizers")
  static let shared = repository.deletingLastPathComponent().appendingPathComponent("shared/tokenizers")

  let root: URL
  let name: String

  var directory: String { root.appendingPathComponent(name).path }
  var encodings: [JSON] { get throws { try lines("\(name).jsonl") } }
  var decodings: [JSON] { get throws { try lines("\(name).decode.jsonl") } }

  /// The contents of one of the tokenizer's files.
  func bytes(_ file: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: root.appendingPathComponent(name).appendingPathComponent(file)))
  }

  private func lines(_ file: String) throws -> [JSON] {
    let bytes = [UInt8](try Data(contentsOf: root.appendingPathComponent(file)))
    return try bytes.split(separator: 0x0A).map { try JSON.parse(Array($0)) }
  }

  static func isShared(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: shared.appendingPathComponent("\(name).jsonl").path)
  }
}

extension JSON {
  func ids(_ key: String) -> [Int]? { self[key]?.array?.compactMap(\.integer) }
}

/// One way to encode or decode, compared with the reference over all vectors.
struct Comparison {
  var checked = 0
  var differences: [String] = []

  mutating func expect<T: Equatable>(_ found: T, _ expected: T, _ what: @autoclosure () -> String) {
    checked += 1
    if found != expected { differences.append("\(what()): found \(found), expected \(expected)") }
  }

  /// The vectors of `tokenizer.json` in every mode.
  static func json(_ tokenizer: BPETokenizer, _ vectors: Vectors) throws -> Comparison {
    var result = Comparison()
    for line in try vectors.encodings {
      guard let text = line["text"]?.bytes, let base = line.ids("ids") else { continue }
      let ids = line.ids("ids_json") ?? base
      let what = "\(line["kind"]?.text ?? "") \(text.debugDescription)"
      result.expect(tokenizer.encode(text, addingSpecialTokens: false), ids, "ids of \(what)")
      result.expect(tokenizer.encode(text), line.ids("ids_special") ?? [], "ids_special of \(what)")
      result.expect(
        tokenizer.encode(text, addingSpecialTokens: false, recognizingSpecialTokens: false),
        line.ids("ids_plain") ?? ids, "ids_plain of \(what)")
      result.decode(tokenizer, ids, line, isJSON: true)
    }
    for line in try vectors.decodings {
      if let ids = line.ids("ids") { result.decode(tokenizer, ids, line, isJSON: true) }
    }
    return result
  }

  /// The vectors of `tokenizer.model`.
  static func sentencePiece(_ tokenizer: BPETokenizer, _ vectors: Vectors) throws -> Comparison {
    var result = Comparison()
    for line in try vectors.encodings {
      guard let text = line["text"]?.bytes, let ids = line.ids("ids") else { continue }
      let what = "\(line["kind"]?.text ?? "") \(text.debugDescription)"
      result.expect(tokenizer.encode(text, addingSpecialTokens: false), ids, "ids of \(what)")
      result.expect(tokenizer.encode(text), [1] + ids, "ids with <s> of \(what)")
      result.decode(tokenizer, ids, line, isJSON: false)
    }
    for line in try vectors.decodings {
      if let ids = line.ids("ids") { result.decode(tokenizer, ids, line, isJSON: false) }
    }
    return result
  }

  /// The vectors of a byte-level tokenizer through another format, which may know fewer special tokens.
  static func plain(_ tokenizer: BPETokenizer, _ vectors: Vectors) throws -> Comparison {
    var result = Comparison()
    for line in try vectors.encodings {
      guard let text = line["text"]?.bytes, let ids = line.ids("ids") else { continue }
      result.expect(
        tokenizer.encode(text, addingSpecialTokens: false, recognizingSpecialTokens: false),
        line.ids("ids_plain") ?? ids, "ids_plain of \(line["kind"]?.text ?? "") \(text.debugDescription)")
      result.decode(tokenizer, ids, line, isJSON: false)
    }
    for line in try vectors.decodings {
      if let ids = line.ids("ids") { result.decode(tokenizer, ids, line, isJSON: false) }
    }
    return result
  }

  private mutating func decode(_ tokenizer: BPETokenizer, _ ids: [Int], _ line: JSON, isJSON: Bool) {
    let plain = line["decoded"]?.bytes ?? []
    let json = line["decoded_json"]?.bytes ?? plain
    let text = isJSON ? json : plain
    expect(tokenizer.decode(ids), text, "text of \(ids)")
    expect(Self.streamed(tokenizer, ids), text, "streamed text of \(ids)")
    if isJSON {
      let skipped = line["decoded_skip"]?.bytes ?? json
      expect(tokenizer.decode(ids, skippingSpecialTokens: true), skipped, "text without special tokens of \(ids)")
      expect(
        Self.streamed(tokenizer, ids, skippingSpecialTokens: true), skipped,
        "streamed text without special tokens of \(ids)")
    }
  }

  private static func streamed(
    _ tokenizer: BPETokenizer, _ ids: [Int], skippingSpecialTokens: Bool = false
  ) -> [UInt8] {
    var stream = tokenizer.stream(skippingSpecialTokens: skippingSpecialTokens)
    return Array((ids.map { stream.append($0) } + [stream.finish()]).joined().utf8)
  }
}
