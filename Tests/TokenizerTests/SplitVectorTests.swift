import Foundation
import Support
import Testing
import Tokenizer

/// The pieces that Hugging Face tokenizers find: Scripts/make-split-pattern-vectors.py wrote them.
@Suite("Split patterns: vectors")
struct SplitVectorTests {
  private static func lines() throws -> [JSON] {
    let file = Vectors.fixtures.appendingPathComponent("split-patterns.jsonl")
    return try [UInt8](Data(contentsOf: file)).split(separator: 0x0A).map { try JSON.parse(Array($0)) }
  }

  /// The pieces of a text by their lengths.
  private static func pieces(_ entry: JSON) -> (text: [UInt8], pieces: [[UInt8]]) {
    let text = entry["text"]?.bytes ?? []
    var start = 0
    return (
      text,
      (entry.ids("lengths") ?? []).map { length in
        defer { start += length }
        return Array(text[start..<start + length])
      }
    )
  }

  /// Differences and texts of one pre-tokenizer; nil where it was refused.
  private static func compare(_ line: JSON) throws -> Comparison? {
    let entries = (line["texts"]?.array ?? []).map(pieces)
    let tokenizer: BPETokenizer
    do {
      tokenizer = try ByteTokenizer.make(entries.flatMap(\.pieces), preTokenizer: line["pre_tokenizer"] ?? .null)
    } catch let error as TokenizerError {
      guard error.reason.hasSuffix("an unbounded repetition of what can be empty") else { throw error }
      return nil
    }
    var result = Comparison()
    for (text, pieces) in entries {
      let name = "\(line["name"]?.text ?? ""): \(String(decoding: text, as: UTF8.self).debugDescription)"
      let ids = tokenizer.encode(text)
      result.expect(tokenizer.decode(ids), text, "text of \(name)")
      result.expect(ids, pieces.map { tokenizer.id(ofPiece: ByteTokenizer.spelling($0)) ?? -1 }, "pieces of \(name)")
      for bytesPerPart in [1, 4] {
        let plan = tokenizer.plan(text, bytesPerPart: bytesPerPart)
        result.expect((0..<plan.count).flatMap { plan.ids(ofPart: $0) }, ids, "parts of \(name)")
      }
    }
    return result
  }

  @Test("Pre-tokenizers of published models, and random patterns")
  func pieces() throws {
    var checked = 0
    var refused = 0
    for line in try Self.lines() where line["category"] == nil {
      guard let comparison = try Self.compare(line) else {
        refused += 1
        continue
      }
      checked += comparison.checked
      #expect(
        comparison.differences.isEmpty,
        "\(comparison.differences.count) of \(comparison.checked), first \(comparison.differences.prefix(2))")
    }
    #expect(checked > 9000)
    #expect(refused < 30)
  }

  @Test("General categories, of every scalar")
  func categories() throws {
    var count = 0
    for line in try Self.lines() {
      guard let category = line["category"]?.text else { continue }
      count += 1
      #if compiler(<6.3)
        // Unicode 16 made some marks of one kind marks of the other.
        if ["Mn", "Mc"].contains(category) { continue }
      #endif
      // What matches is one piece together with the mark behind it; anything else is two.
      let pattern = try SplitPattern(Array("\\p{\(category)}\\x01|\\x01".utf8))
      var text: [UInt8] = []
      var expected: [Int] = []
      let ranges = (line["scalars"]?.array ?? []).compactMap { range in
        range.array?.first?.integer.flatMap { first in range.array?.last?.integer.map { first...$0 } }
      }
      var next = ranges.makeIterator()
      var range = next.next()
      for value in 2..<0x110000 {
        while let current = range, current.upperBound < value { range = next.next() }
        guard let scalar = Unicode.Scalar(UInt32(value)) else { continue }
        #if compiler(<6.3)
          // The standard library of an older compiler knows an older Unicode.
          if scalar.properties.generalCategory == .unassigned { continue }
        #endif
        text += Array(String(scalar).utf8)
        if range?.contains(value) != true { expected.append(text.count) }
        text.append(1)
        expected.append(text.count)
      }
      // A failure shows what it compares: two million numbers.
      let isAsExpected = SplitPattern.ends(of: [pattern], in: text) == expected
      #expect(isAsExpected, "\(category)")
    }
    #expect(count > 30)
  }
}
