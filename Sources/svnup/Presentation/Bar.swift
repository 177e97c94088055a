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

  /// Bars of `width` columns at most.
  ///
  /// A range that does not hold zero is extended to it: a bar's length tells a ratio.
  package init(range: ClosedRange<Double>, width: Int, style: Style) {
    self.range = min(range.lowerBound, 0)...max(range.upperBound, 0)
    self.width = max(width, 3)
    self.style = style
  }

  /// Bars to compare these values by; what is not finite among them is left out of the range.
  package init(comparing values: [Double], width: Int, style: Style) {
    let finite = values.filter(\.isFinite)
    self.init(range: min(finite.min() ?? 0, 0)...max(finite.max() ?? 0, 0), width: width, style: style)
  }

  /// The bar of a value, clamped to the range; always `width` columns, blanks included.
  ///
  /// NaN has no bar.
  package func rendered(_ value: Double) -> String {
    let span = range.upperBound - range.lowerBound
    // A range of subnormal length, whose scale would overflow, is no range either.
    guard span >= .leastNormalMagnitude, span.isFinite else { return blank(width) }
    let clamped = value.isNaN ? 0 : min(max(value, range.lowerBound), range.upperBound)
    guard range.lowerBound < 0 else { return rightward(clamped / span * Double(width), columns: width) }
    // One column goes to the line at zero; each side that the range reaches has one at least, and both have one scale.
    let columns = width - 1
    let share = Int((-range.lowerBound / span * Double(columns)).rounded(.up))
    let left = range.upperBound > 0 ? min(share, columns - 1) : columns
    var scale = Double(left) / -range.lowerBound
    if range.upperBound > 0 { scale = min(scale, Double(columns - left) / range.upperBound) }
    let axis = style == .blocks ? "│" : "|"
    return leftward(max(-clamped, 0) * scale, columns: left) + axis
      + rightward(max(clamped, 0) * scale, columns: columns - left)
  }

  /// A bar of `length` columns that begins on the left.
  ///
  /// A positive length is never drawn as nothing where eighths can be drawn.
  private func rightward(_ length: Double, columns: Int) -> String {
    guard style == .blocks else {
      let full = Int(length.rounded())
      return String(repeating: "#", count: full) + blank(columns - full)
    }
    let eighths = length > 0 ? max(Int((length * 8).rounded()), 1) : 0
    let partial = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
    return String(repeating: "█", count: eighths / 8) + partial + blank(columns - (eighths + 7) / 8)
  }

  /// A bar of `length` columns that ends on the right; Unicode has no eighths that grow to the left, but it has a half.
  private func leftward(_ length: Double, columns: Int) -> String {
    guard style == .blocks else {
      let full = Int(length.rounded())
      return blank(columns - full) + String(repeating: "#", count: full)
    }
    let halves = length > 0 ? max(Int((length * 2).rounded()), 1) : 0
    return blank(columns - (halves + 1) / 2) + (halves % 2 == 1 ? "▐" : "") + String(repeating: "█", count: halves / 2)
  }

  private func blank(_ columns: Int) -> String { String(repeating: " ", count: columns) }
}

extension Bar.Style {
  /// Blocks where the locale says UTF-8, by POSIX's order of precedence: LC_ALL, LC_CTYPE, LANG.
  package init(environment: (String) -> String?) {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(environment).first { !$0.isEmpty } ?? ""
    let codeset = locale.lowercased().filter { $0 != "-" }
    self = codeset.contains("utf8") ? .blocks : .ascii
  }
}
