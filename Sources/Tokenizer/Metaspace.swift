/// Spaces spelled by a visible character, with one in front of the text.
///
/// The pre-tokenizer `Metaspace` of Hugging Face, which newer files of LLaMA 1 and 2 have instead of a normalizer.
struct Metaspace: Sendable, Equatable {
  /// Which fragments between added tokens get a leading replacement where they have none.
  enum Prepending: String, CaseIterable, Sendable {
    case always
    case first
    case never
  }

  /// What stands for a space: one character.
  var replacement: [UInt8]
  var prepending: Prepending
  /// Whether every replacement begins a new piece.
  var splits: Bool

  /// A fragment with its spaces replaced.
  func callAsFunction(_ fragment: UnsafeBufferPointer<UInt8>, isFirst: Bool) -> [UInt8] {
    let replaced = Normalizer.replacing([UInt8(ascii: " ")], with: replacement, in: Array(fragment))
    let isWanted = prepending == .always || (prepending == .first && isFirst)
    return isWanted && !replaced.starts(with: replacement) ? replacement + replaced : replaced
  }

  /// The end of the piece that starts at `start`.
  func end(of text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    splits ? firstReplacement(in: text, from: start + 1) ?? text.count : text.count
  }

  /// Where the first replacement character from an offset on begins.
  func firstReplacement(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    guard let first = replacement.first else { return nil }
    return text.indices.dropFirst(start).first { text[$0] == first && text[$0...].starts(with: replacement) }
  }
}
