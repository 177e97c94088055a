import Support
import Testing

@Suite struct UTF8ValidationTests {
  private func isValid(_ bytes: [UInt8]) -> Bool { UTF8Validation.firstInvalidOffset(in: bytes) == nil }

  @Test("All sequences of one and two bytes are judged as the standard library judges them")
  func shortSequences() {
    for first in UInt8.min...UInt8.max {
      #expect(isValid([first]) == (String(validating: [first], as: UTF8.self) != nil))
      for second in UInt8.min...UInt8.max {
        let bytes = [first, second]
        if isValid(bytes) != (String(validating: bytes, as: UTF8.self) != nil) { Issue.record("\(bytes)") }
      }
    }
  }

  @Test("Every scalar is valid, and every sequence of three or four bytes at the edges is judged rightly")
  func scalarsAndEdges() {
    for code in UInt32(0)...0x10_FFFF {
      guard let scalar = Unicode.Scalar(code) else { continue }
      if !isValid(Array(String(scalar).utf8)) { Issue.record("U+\(String(code, radix: 16))") }
    }
    let edges: [UInt8] = [0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF]
    for first in UInt8(0xC0)...0xFF {
      for second in edges {
        for third in edges {
          for fourth in edges {
            for bytes in [[first, second, third], [first, second, third, fourth]] {
              if isValid(bytes) != (String(validating: bytes, as: UTF8.self) != nil) { Issue.record("\(bytes)") }
            }
          }
        }
      }
    }
  }

  @Test("Random bytes among text of random length are judged as the standard library judges them")
  func randomBytes() {
    var generator = SeededGenerator(seed: 4)
    let pieces = ["a", "hello, world", "é", "€", "😀", "\u{10FFFF}"].map { Array($0.utf8) }
    var invalid = 0
    for _ in 0..<20_000 {
      var bytes: [UInt8] = []
      for _ in 0..<generator.below(12) { bytes += pieces[generator.below(pieces.count)] }
      if !bytes.isEmpty, generator.below(2) == 0 { bytes[generator.below(bytes.count)] = UInt8(generator.below(256)) }
      let offset = UTF8Validation.firstInvalidOffset(in: bytes)
      #expect((offset == nil) == (String(validating: bytes, as: UTF8.self) != nil))
      guard let offset else { continue }
      invalid += 1
      #expect(String(validating: bytes[..<offset], as: UTF8.self) != nil, "all before the offset is valid")
      let rest = Array(bytes[offset...])
      let begins = (1...4).contains { $0 <= rest.count && String(validating: rest[..<$0], as: UTF8.self) != nil }
      #expect(!begins, "no character begins at the offset")
    }
    #expect(invalid > 1000)
  }
}
