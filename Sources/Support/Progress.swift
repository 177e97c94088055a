/// Tells on standard error how far long work has come: one line that is rewritten on a terminal, a plain line every few
/// seconds elsewhere, nothing where it is switched off.
package final class Progress {
  package enum Style: Sendable { case terminal, lines, silent }

  private let label: String
  private let unit: String
  private let style: Style
  private let start = ContinuousClock.now
  private var lastShown: ContinuousClock.Instant
  private var hasLine = false

  /// A line a terminal shows is redrawn at most ten times a second; plain lines come every five seconds.
  private var interval: Duration { style == .terminal ? .milliseconds(100) : .seconds(5) }

  package init(_ label: String, unit: String, style: Style) {
    self.label = label
    self.unit = unit
    self.style = style
    lastShown = start
  }

  deinit { finish() }

  /// `completed` of `total` units are done.
  package func update(_ completed: Int, of total: Int) {
    let now = ContinuousClock.now
    guard style != .silent, now - lastShown >= interval else { return }
    lastShown = now
    let seconds = (now - start).seconds
    let rate = Double(completed) / max(seconds, 1e-9)
    let remaining = rate > 0 ? Duration.seconds(Double(total - completed) / rate).clock : "?"
    let percent = total > 0 ? 100 * completed / total : 100
    let text =
      "\(label): \(percent) % (\(completed) of \(total) \(unit), \(rate.fixed(rate < 10 ? 2 : 0))/s, \(remaining) left)"
    show(text)
  }

  private func show(_ text: String) {
    if style == .terminal {
      let width = StandardStream.error.columns - 1
      StandardStream.error.write("\r\u{1B}[K\(text.prefix(width))")
      hasLine = true
    } else {
      StandardStream.error.write(text + "\n")
    }
  }

  /// Removes the line from the terminal.
  package func finish() {
    if hasLine { StandardStream.error.write("\r\u{1B}[K") }
    hasLine = false
  }
}

extension Duration {
  package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }

  /// 42 s, 3 min 20 s or 5 h 07 min.
  package var clock: String {
    let total = Int(seconds.rounded())
    if total < 60 { return "\(total) s" }
    if total < 3600 { return "\(total / 60) min \((total % 60).padded(2)) s" }
    return "\(total / 3600) h \((total % 3600 / 60).padded(2)) min"
  }
}

extension Int {
  /// At least `width` digits, with zeros in front.
  package func padded(_ width: Int) -> String {
    let text = String(self)
    return String(repeating: "0", count: Swift.max(0, width - text.count)) + text
  }
}

extension Double {
  /// The number with exactly `digits` digits after its point, rounded half away from zero.
  ///
  /// Digits beyond the fifteen that a Double holds are zeros. From 2^63 on a number is written as Swift writes it, and NaN and
  /// infinity are words.
  package func fixed(_ digits: Int) -> String {
    guard isFinite else { return isNaN ? "nan" : self < 0 ? "-inf" : "inf" }
    var scale = 1.0
    var kept = 0
    while kept < min(digits, 15), magnitude * scale < 1e14 {
      scale *= 10
      kept += 1
    }
    let scaled = (magnitude * scale).rounded()
    guard scaled < 0x1p63 else { return "\(self)" }
    let whole = Int(scaled)
    let sign = self < 0 && whole > 0 ? "-" : ""
    guard digits > 0 else { return sign + String(whole) }
    let unit = Int(scale)
    let zeros = String(repeating: "0", count: digits - kept)
    let fraction = kept > 0 ? (whole % unit).padded(kept) : ""
    return "\(sign)\(whole / unit).\(fraction)\(zeros)"
  }
}
