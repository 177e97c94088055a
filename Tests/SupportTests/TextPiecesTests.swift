import Support
import Testing

@Suite("Pieces between the occurrences of a part")
struct TextPiecesTests {
  @Test(
    "from the left, without overlaps; an empty part occurs nowhere",
    arguments: [
      ("a, b, c", ", ", ["a", "b", "c"]), (", a", ", ", ["", "a"]), ("a, ", ", ", ["a", ""]), ("", ", ", [""]),
      ("aaaaa", "aa", ["", "", "a"]), ("aab", "ab", ["a", ""]), ("a,", ", ", ["a,"]), ("abc", "", ["abc"]),
      ("x", "longer", ["x"]),
    ])
  func pieces(text: String, part: String, expected: [String]) {
    #expect(text.pieces(between: part) == expected)
    if !part.isEmpty { #expect(text.pieces(between: part).joined(separator: part) == text) }
  }

  @Test("small letters are Python's, with a sigma at the end of a word")
  func lowercase() {
    for (text, small) in [
      ("ΟΔΟΣ", "οδος"), ("ΣΑΣ Σ.", "σας σ."), ("ΑΣ\u{301}Β", "ασ\u{301}β"),
      ("İI", "i\u{307}i"),
      ("ẞ1Σ", "ß1σ"), ("", ""),
    ] { #expect(text.lowercasedInContext.unicodeScalars.elementsEqual(small.unicodeScalars), "\(text)") }
  }

  @Test("bytes are compared: an accent behind a letter does not hide the letter, nor do equivalent letters match")
  func bytes() {
    #expect("ae\u{301}b".pieces(between: "e") == ["a", "\u{301}b"])
    #expect("\u{E9}".pieces(between: "e\u{301}") == ["\u{E9}"])
    #expect("一二一".pieces(between: "二") == ["一", "一"])
  }
}
