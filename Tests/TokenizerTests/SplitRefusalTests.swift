import Testing
import Tokenizer

/// What cannot be matched in linear time, or is no pattern, is refused with its place.
@Suite("Split patterns: refusals")
struct SplitRefusalTests {
  private func error(_ pattern: String) -> PatternError? {
    do throws(PatternError) {
      _ = try SplitPattern(Array(pattern.utf8))
      return nil
    } catch {
      return error
    }
  }

  @Test(
    "Each has its position and reason",
    arguments: [
      (#"(a)b\1"#, 5, "reference to a group"), (#"a\k<x>"#, 2, "reference to a group"), ("ab(?<=x)", 3, "look-behind"),
      ("ab(?<!x)", 3, "look-behind"), ("a(?=bc)", 2, "look-ahead of more than one"),
      ("a(?!b+)", 2, "look-ahead of more"),
      ("^a", 1, "looks behind"), (#"a\b"#, 2, "looks behind"), (#"\Aa"#, 1, "looks behind"),
      ("(?<n>a)", 1, "a group of this kind"),
      ("a(?m:b)", 2, "a group of this kind"), ("(?:ab)++", 7, "possessive"), ("(?>ab|a)", 1, "without a way back"),
      ("(?:a*)+", 7, "can be empty"), ("(?:a?|b)*", 9, "can be empty"), ("(?!a)+", 6, "repetition of look-ahead"),
      ("a{3,2}", 2, "wrong order"), ("a{1,100000}", 5, "1000 times"), ("a{99999999999999999999}", 3, "1000 times"),
      ("(a", 1, "not closed"), ("a)", 2, "closes nothing"), ("[a", 1, "not closed"), ("[]", 2, "empty set"),
      ("[z-a]", 2, "wrong order"),
      (#"[\s-x]"#, 2, "begins with a class"), (#"[a-\d]"#, 4, "ends with a class"), ("[[:alpha:]]", 2, "POSIX"),
      (#"[a&&b]"#, 1, "holds no character"),
      ("*a", 1, "repetition of nothing"),
      (#"é\p{Han}"#, 2, "the class \"Han\""), (#"\p"#, 1, "without its name"), (#"\p{"#, 1, "the class"),
      (#"a\"#, 2, "backslash"),
      (#"\h"#, 1, "the escape"), (#"\x"#, 1, "hexadecimal"), (#"\x{D800}"#, 1, "hexadecimal"),
      (#"\xFF"#, 1, "of a byte"),
      ("a(?i:é)", 6, "other letters than ASCII's"), (#"(?i:\p{L})"#, 5, "other letters"),
      ("(?i:ss)", 6, "single character"),
      ("", 0, "where there is nothing"), ("a*", 0, "where there is nothing"), ("(?!a)", 0, "where there is nothing"),
      ("[ab]*a[ab]{900}", 0, "too large"), ("[ab]{16}a", 0, "too many states"),
      ("(?:(?:a{1,30}){1,30}){1,30}", 0, "too large"), ("(?:(?:(?:(?:|){999}){999}){999}){999}a", 0, "too large"),
    ])
  func refusals(_ pattern: String, _ position: Int, _ reason: String) {
    let found = error(pattern)
    #expect(found?.position == position, "\(pattern): \(String(describing: found))")
    #expect(found?.reason.contains(reason) == true, "\(pattern): \(String(describing: found))")
  }

  @Test("Huge patterns end at once", .timeLimit(.minutes(1)))
  func hugePatterns() {
    for unit in ["(", "[", "(?:", "(?i:", "(?!", "(?>", "[^", "((a|"] {
      #expect(error(String(repeating: unit, count: 4000))?.reason.contains("within one another") == true, "\(unit)")
      #expect(error(String(repeating: unit, count: 200_000))?.reason.contains("longer than") == true, "\(unit)")
    }
    for unit in ["a|", "a?", "a*", #"\p{L}\p{N}?"#, "[a-z]{1,9}"] {
      #expect(error(String(repeating: unit, count: 1600) + "b") != nil, "\(unit)")
    }
    // Many sets that differ, and many ways between their places.
    let sets = (0..<400).map { "[\(Unicode.Scalar(0x4E00 + $0 * 2).map { String($0) } ?? "")a]?" }.joined()
    #expect(error(sets + "b")?.reason.contains("kinds of characters") == true)
    #expect(
      error((0..<100).map { "[\(Unicode.Scalar(0x4E00 + $0 * 2).map { String($0) } ?? "")a]?" }.joined() + "b") == nil)
    #expect(error((0..<499).map { _ in "a?" }.joined() + "b") != nil)
  }
}
