import Support
import Tokenizer

/// A split pattern and, behind a byte of zero, a text for it: the pieces are the text, and a safe cut changes none of them.
struct SplitPatternTarget: FuzzTarget {
  static let name = "split-pattern"

  init(scratch: ScratchFolder) {}

  func check(_ bytes: [UInt8]) throws {
    let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false).map(Array.init)
    let text = parts.count > 1 ? parts[1] : []
    let pattern: SplitPattern
    do {
      pattern = try SplitPattern(parts[0])
    } catch {
      try require(!error.reason.isEmpty && error.position >= 0, "'\(error)' has no place or no reason")
      return
    }
    let ends = SplitPattern.ends(of: [pattern], in: text)
    try require((ends.last ?? 0) == text.count, "the pieces are not the text")
    try require(zip([0] + ends, ends).allSatisfy { $0 < $1 }, "a piece is empty")
    guard UTF8Validation.firstInvalidOffset(in: text) == nil else { return }
    for cut in SplitPattern.safeCuts(of: [pattern], in: text).prefix(8) {
      let left = SplitPattern.ends(of: [pattern], in: Array(text[..<cut]))
      let right = SplitPattern.ends(of: [pattern], in: Array(text[cut...]))
      try require(left + right.map { $0 + cut } == ends, "a cut at \(cut) changes the pieces")
    }
  }
}
