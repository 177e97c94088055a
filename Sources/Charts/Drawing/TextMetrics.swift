/// How wide a text is at most in the sans-serif fonts that browsers have.
///
/// The widths are those of wide fonts: narrower ones leave a little more room, and nothing overlaps.
package enum TextMetrics {
  /// Widths of the characters from the blank to the tilde, in thousandths of the font's size.
  private static let widths: [Int] = [
    320, 405, 465, 840, 640, 955, 785, 280, 395, 395, 505, 840, 325, 365, 325, 340,  // blank to /
    640, 640, 640, 640, 640, 640, 640, 640, 640, 640, 340, 340, 840, 840, 840, 535,  // 0 to ?
    1005, 690, 690, 725, 775, 670, 615, 780, 755, 300, 505, 690, 565, 865, 755, 790,  // @ to O
    670, 790, 725, 670, 615, 735, 690, 995, 690, 670, 690, 395, 340, 395, 840, 560,  // P to _
    505, 615, 640, 555, 640, 620, 355, 640, 640, 285, 285, 585, 285, 980, 640, 615,  // ` to o
    640, 640, 415, 525, 395, 640, 595, 825, 595, 595, 530, 640, 340, 640, 840,  // p to ~
  ]

  /// The height of a line in units of the font's size.
  package static let lineHeight = 1.25
  /// How far letters rise above their line, in units of the font's size.
  package static let ascent = 0.8
  /// How far they reach below it.
  package static let descent = 0.22
  /// How much wider bold letters are.
  private static let boldFactor = 1.12
  private static let ellipsis: Character = "…"

  /// The width of a text on one line.
  package static func width(_ text: String, size: Double, isBold: Bool = false) -> Double {
    let sum = SafeText.visible(text).unicodeScalars.reduce(0) { $0 + units($1) }
    return Double(sum) / 1000 * size * (isBold ? boldFactor : 1)
  }

  private static func units(_ scalar: Unicode.Scalar) -> Int {
    let index = Int(scalar.value) - 0x20
    if widths.indices.contains(index) { return widths[index] }
    switch scalar.value {
    case 0x85...0x2FF: return 800
    case 0x300...0x36F: return 0
    case 0x370...0x10FF: return 900
    case 0x2000...0x203F: return 1000
    case 0x2190...0x22FF: return 1000
    default: return 1300
    }
  }

  /// The beginning of a text that fits, with an ellipsis where something was cut.
  package static func truncated(_ text: String, size: Double, width limit: Double, isBold: Bool = false) -> String {
    if width(text, size: size, isBold: isBold) <= limit { return text }
    var kept: [Character] = []
    var used = width(String(ellipsis), size: size, isBold: isBold)
    for character in text {
      used += width(String(character), size: size, isBold: isBold)
      if used > limit { break }
      kept.append(character)
    }
    while kept.last == " " { kept.removeLast() }
    return String(kept) + String(ellipsis)
  }

  /// The text in lines that fit; the last of `limit` lines ends in an ellipsis where there is more.
  package static func lines(
    _ text: String, size: Double, width: Double, limit: Int = 3, isBold: Bool = false
  ) -> [String] {
    var lines: [String] = []
    var rest = text.split(whereSeparator: \.isWhitespace).map(String.init)[...]
    while let word = rest.first {
      if lines.count == limit { break }
      var line = word
      rest = rest.dropFirst()
      while let next = rest.first, Self.width("\(line) \(next)", size: size, isBold: isBold) <= width {
        line += " \(next)"
        rest = rest.dropFirst()
      }
      if lines.count + 1 == limit { line = ([line] + rest).joined(separator: " ") }
      lines.append(truncated(line, size: size, width: width, isBold: isBold))
    }
    return lines
  }
}
