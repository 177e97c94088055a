/// A horizontal bar of text that shows a number within a range.
///
/// Where the range reaches below zero the bars start at a line that marks zero and grow to either side of it.
package struct Bar: Sendable {
  package enum Style: Sendable {
    /// Unicode block elements: to an eighth of a column on the right of zero, to a half on its left.
    case blocks
    /// `#`, one a column.
    case ascii
  }

  private let range: ClosedRange<Double>
  private let width: Int
  private let style: Style

  /// Bars of `width` columns at most; the range is extended to zero, so that lengths compare as the numbers do.
  package init(range: ClosedRange<Double>, width: Int, style: Style) {
    self.range = min(range.lowerBound, 0)...max(range.upperBound, 0)
    self.width = max(width, 3)
    self.style = style
  }

  /// Bars to compare these values by; what is not finite among them is left out of the range.
  package init(comparing values: [Double], width: Int, style: Style) {
    let finite = values.filter(\.isFinite)
    self.init(range: (finite.min() ?? 0)...(finite.max() ?? 0), width: width, style: style)
  }

  /// The bar of a value, clamped to the range; always `width` columns, blanks included, and empty for NaN.
  package func rendered(_ value: Double) -> String {
    let span = range.upperBound - range.lowerBound
    // A range of subnormal length, whose scale would overflow, is no range either.
    guard span >= .leastNormalMagnitude, span.isFinite else { return String(repeating: " ", count: width) }
    let clamped = value.isNaN ? 0 : min(max(value, range.lowerBound), range.upperBound)
    guard range.lowerBound < 0 else { return bar(clamped / span * Double(width), columns: width) }
    // One column goes to the line at zero; each side that the range reaches has one at least, and both have one scale.
    let columns = width - 1
    let share = Int((-range.lowerBound / span * Double(columns)).rounded(.up))
    let left = range.upperBound > 0 ? min(share, columns - 1) : columns
    var scale = Double(left) / -range.lowerBound
    if range.upperBound > 0 { scale = min(scale, Double(columns - left) / range.upperBound) }
    let axis = style == .blocks ? "│" : "|"
    return bar(max(-clamped, 0) * scale, columns: left, growsLeft: true) + axis
      + bar(max(clamped, 0) * scale, columns: columns - left)
  }

  /// A bar of `length` columns from one end of the columns; in blocks, a positive length is never drawn as nothing.
  private func bar(_ length: Double, columns: Int, growsLeft: Bool = false) -> String {
    // Unicode has eighths of a column that grow to the right, and halves that grow to the left.
    let parts = style == .ascii ? [""] : growsLeft ? ["", "▐"] : ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    let rounded = Int((length * Double(parts.count)).rounded())
    let count = style == .blocks && length > 0 ? max(rounded, 1) : rounded
    let full = String(repeating: style == .blocks ? "█" : "#", count: count / parts.count)
    let part = parts[count % parts.count]
    let blank = String(repeating: " ", count: columns - full.count - part.count)
    return growsLeft ? blank + part + full : full + part + blank
  }
}

extension Bar.Style {
  /// Blocks where the locale says UTF-8, by POSIX's order of precedence: LC_ALL, LC_CTYPE, LANG.
  package init(environment: (String) -> String?) {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(environment).first { !$0.isEmpty } ?? ""
    let codeset = locale.lowercased().filter { $0 != "-" }
    self = codeset.pieces(between: "utf8").count > 1 ? .blocks : .ascii
  }
}
