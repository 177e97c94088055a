/// Progress of long work on standard error: one line that is rewritten on a terminal, a plain line every few seconds
/// elsewhere.
package final class Progress {
  package enum Style: Sendable { case terminal, lines, silent }

  private let label: String
  private let unit: String
  private let style: Style
  private let start: ContinuousClock.Instant
  private var lastShown: ContinuousClock.Instant
  private var hasLine = false

  private var interval: Duration { style == .terminal ? .milliseconds(100) : .seconds(5) }

  package init(_ label: String, unit: String, style: Style) {
    self.label = label
    self.unit = unit
    self.style = style
    start = .now
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
    hasLine = style == .terminal
    StandardStream.error.write(hasLine ? "\r\u{1B}[K\(text.prefix(StandardStream.error.columns - 1))" : text + "\n")
  }

  /// Removes the line from the terminal.
  package func finish() {
    if hasLine { StandardStream.error.write("\r\u{1B}[K") }
    hasLine = false
  }
}
