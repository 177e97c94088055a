/// The colours of a page, by their roles: a light set and a dark one.
///
/// Series have the colours of Okabe and Ito, which people with any kind of colour vision tell apart, in an order in which
/// neighbours differ in lightness, too.
public struct Theme: Sendable {
  /// Colours of series.
  static let seriesCount = 8
  /// Steps of a colour scale.
  static let scaleSteps = 9

  /// The roles and their colours, in the order in which a style sheet lists them.
  public let colors: [(role: String, color: Color)]

  /// The colour of a role.
  public subscript(role: String) -> Color? { colors.first { $0.role == role }?.color }

  /// Dark on white; also what is printed.
  public static let light = Theme(
    paper: 0xFFFFFF, panel: 0xF3F5F7, ink: 0x1A1D21, muted: 0x565D65, grid: 0xDFE3E8, axis: 0x808890,
    ascending: [0xEFF6FB, 0x56B4E9, 0x0072B2, 0x00395A],
    diverging: [0x8A3A00, 0xD55E00, 0xF5F3F1, 0x0072B2, 0x00395A])

  /// Light on nearly black.
  public static let dark = Theme(
    paper: 0x14171A, panel: 0x1E2327, ink: 0xE8EAED, muted: 0xA7AFB7, grid: 0x30363C, axis: 0x7D868F,
    ascending: [0x1A2730, 0x0072B2, 0x56B4E9, 0xE3F3FD],
    diverging: [0xFFC49C, 0xD55E00, 0x24292E, 0x0072B2, 0xA6D8F7])

  private init(
    paper: UInt32, panel: UInt32, ink: UInt32, muted: UInt32, grid: UInt32, axis: UInt32, ascending: [UInt32],
    diverging: [UInt32]
  ) {
    let series: [UInt32] = [0x0072B2, 0xE69F00, 0xD55E00, 0x56B4E9, 0x009E73, 0xF0E442, 0xCC79A7, muted]
    var colors = [
      ("paper", Color(paper)), ("panel", Color(panel)), ("ink", Color(ink)), ("muted", Color(muted)),
      ("grid", Color(grid)), ("axis", Color(axis)),
    ]
    colors += series.enumerated().map { ("s\($0)", Color($1)) }
    for (prefix, stops) in [("h", ascending), ("d", diverging)] {
      for (step, color) in Color.ramp(stops, count: Self.scaleSteps).enumerated() {
        colors += [("\(prefix)\(step)", color), ("on-\(prefix)\(step)", color.ink)]
      }
    }
    self.colors = colors
  }

  /// The custom properties of a style sheet.
  private var properties: String {
    ":root{" + colors.map { "--\($0.role):\($0.color.hexadecimal)" }.joined(separator: ";") + "}"
  }

  /// What a rule says to have the colour of a role.
  static func use(_ role: String) -> String { "var(--\(role))" }

  /// Both themes: the reader's system chooses, and paper is white.
  static let properties = """
    :root{color-scheme:light dark}
    \(light.properties)
    @media (prefers-color-scheme:dark){\(dark.properties)}
    @media print{\(light.properties)}
    """
}
