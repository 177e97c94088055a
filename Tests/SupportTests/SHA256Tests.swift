import Foundation
import Support
import Testing

@Suite struct SHA256Tests {
  private func digest(_ bytes: [UInt8]) -> String {
    var hash = SHA256()
    hash.update(bytes)
    return hash.hexadecimal()
  }

  @Test(
    "The examples of FIPS 180-4",
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
      (
        "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
      ),
    ])
  func examples(text: String, expected: String) {
    #expect(digest(Array(text.utf8)) == expected)
  }

  @Test func millionLetters() {
    let expected = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    #expect(digest([UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)) == expected)
    var hash = SHA256()
    for _ in 0..<1000 { hash.update([UInt8](repeating: UInt8(ascii: "a"), count: 1000)) }
    #expect(hash.hexadecimal() == expected)
  }

  @Test("Where a text is cut does not matter, and asking for the digest changes nothing")
  func splits() {
    let bytes = (0..<200).map { UInt8($0) }
    for count in 0...bytes.count {
      let whole = digest(Array(bytes[..<count]))
      for cut in 0...count {
        var hash = SHA256()
        hash.update(Array(bytes[..<cut]))
        let part = hash.hexadecimal()
        hash.update(Array(bytes[cut..<count]))
        #expect(hash.hexadecimal() == whole)
        #expect((part == whole) == (cut == count))
      }
    }
  }

  @Test("Lengths round the padding's boundary differ from each other")
  func paddingBoundary() {
    let digests = (50...130).map { digest([UInt8](repeating: 0, count: $0)) }
    #expect(Set(digests).count == digests.count)
  }

  @Test("A file has the digest of its bytes")
  func file() throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "f")
      var generator = SeededGenerator(seed: 1)
      let bytes = (0..<(1 << 22) + 77).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
      try Data(bytes).write(to: URL(filePath: path))
      #expect(try SHA256.hexadecimal(ofFile: path) == digest(bytes))
      try Data().write(to: URL(filePath: path))
      #expect(try SHA256.hexadecimal(ofFile: path) == digest([]))
    }
  }
}
