import Support
import Testing
import Tokenizer

/// What vectors do not show of the normal forms: bounds, bytes that are no text, and time.
@Suite("Normal forms")
struct NormalFormTests {
  private static let scalars = (UInt32(0x80)..<0x110000).compactMap { Unicode.Scalar($0) }.map {
    Array(String($0).utf8)
  }

  @Test("No character grows beyond the bound, which one reaches; composed characters are never longer")
  func growth() {
    for form in NormalForm.allCases {
      let growths = Self.scalars.map { Double(form($0).count) / Double($0.count) }
      #expect(growths.max() == form.growth, "\(form)")
    }
    #expect(Self.scalars.allSatisfy { NormalForm.nfc($0).count <= NormalForm.nfd($0).count })
    let rules = [ScalarRule.lowercased, .bertIdeographs, .withoutAccents]
    for rule in rules {
      #expect(Self.scalars.map { Double(rule($0).count) / Double($0.count) }.max() == rule.growth)
    }
  }

  @Test("Bytes that are no text stay, and nothing is composed across them")
  func illFormed() {
    let bytes: [UInt8] = [
      0x65, 0xCC, 0xCC, 0x81, 0xFF, 0xCC, 0x81, 0xED, 0xA0, 0x80, 0xE1, 0x84, 0x80, 0xE1, 0x85, 0xC0, 0x41,
    ]
    for form in NormalForm.allCases { #expect(form(bytes) == bytes, "\(form)") }
    #expect(ScalarRule.lowercased(bytes) == bytes.dropLast() + [0x61])
    #expect(NormalForm.nfc([0xFF, 0x65, 0xCC, 0x81, 0xC3]) == [0xFF, 0xC3, 0xA9, 0xC3])
  }

  @Test("Σ at the end of a word is σ, as each character is on its own")
  func finalSigma() {
    #expect(ScalarRule.lowercased(Array("ΑΣ Σ".utf8)) == Array("ασ σ".utf8))
    #expect(ScalarRule.lowercased(Array("İSTANBUL ẞ".utf8)) == Array("i\u{307}stanbul ß".utf8))
  }

  @Test("A megabyte of marks of falling classes, and of syllables, takes a moment", .timeLimit(.minutes(2)))
  func longRuns() {
    let marks = Array("a".utf8) + (0..<120_000).flatMap { i in Array((i < 60_000 ? "\u{301}" : "\u{316}").utf8) }
    let ordered = NormalForm.nfd(marks)
    #expect(ordered.count == marks.count && Array(ordered[1...2]) == Array("\u{316}".utf8))
    #expect(NormalForm.nfc(marks).prefix(2) == [0xC3, 0xA1])
    let syllables = (0..<100_000).flatMap { _ in Array("\u{AC01}\u{1161}".utf8) }
    #expect(NormalForm.nfc(NormalForm.nfd(syllables)) == syllables)
  }
}
