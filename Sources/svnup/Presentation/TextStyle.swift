import Support

/// Whether text for people is set off by the terminal's means.
package enum TextStyle: Sendable {
  /// Headings and the best of a column in bold.
  case terminal
  /// Text alone.
  case plain

  /// The terminal's means where a stream is one that has some, unless the user does without colours (no-color.org).
  package init(isTerminal: Bool, environment: (String) -> String?) {
    let declines = environment("NO_COLOR").map { !$0.isEmpty } ?? false
    self = isTerminal && !declines && environment("TERM") != "dumb" ? .terminal : .plain
  }

  /// The style of results.
  static var ofOutput: TextStyle {
    TextStyle(isTerminal: StandardStream.output.isTerminal, environment: Process.environment)
  }

  /// A heading.
  func heading(_ text: String) -> String { bold(text) }

  /// What is to be seen first.
  func bold(_ text: String) -> String { self == .terminal && !text.isEmpty ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
}
