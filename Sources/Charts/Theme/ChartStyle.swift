/// The rules of a chart's classes; colours are the theme's custom properties.
enum ChartStyle {
  /// Fonts whose letters are not wider than `TextMetrics` takes them for.
  static let fonts = "system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"

  /// The rules of a drawing.
  ///
  /// - Parameter fallback: whether a program that knows no custom properties is given the light colours.
  static func rules(fallback: Bool) -> String {
    func color(_ property: String, _ role: String) -> String {
      let plain = fallback ? Theme.light[role].map { "\(property):\($0.hexadecimal);" } ?? "" : ""
      return "\(plain)\(property):\(Theme.use(role))"
    }
    var rules = [
      ".chart text{font-family:\(fonts)}", ".paper{\(color("fill", "paper"))}", ".ink{\(color("fill", "ink"))}",
      ".bold{\(color("fill", "ink"));font-weight:600}", ".muted{\(color("fill", "muted"))}",
      ".grid{\(color("stroke", "grid"));stroke-width:1}", ".axis{\(color("stroke", "axis"));stroke-width:1}",
      ".error{\(color("stroke", "ink"));stroke-width:1}",
      ".reference{\(color("stroke", "ink"));stroke-width:1.5;stroke-dasharray:6 4;fill:none}",
      ".missing{fill:none;\(color("stroke", "muted"));stroke-width:1.2}",
      ".empty{fill:none;\(color("stroke", "axis"));stroke-width:1;stroke-dasharray:2 2}",
      ".frame{fill:none;\(color("stroke", "axis"));stroke-width:1}",
    ]
    for series in 0..<Theme.seriesCount {
      let role = "s\(series)"
      rules += [
        ".\(role){\(color("fill", role));\(color("stroke", "ink"));stroke-width:.6}",
        ".l\(series){fill:none;\(color("stroke", role));stroke-width:2;stroke-linejoin:round}",
        ".b\(series){\(color("fill", role));fill-opacity:.22}",
      ]
    }
    for prefix in ["h", "d"] {
      for step in 0..<Theme.scaleSteps {
        let role = "\(prefix)\(step)"
        rules += [".\(role){\(color("fill", role))}", ".on-\(role){\(color("fill", "on-\(role)"))}"]
      }
    }
    return rules.joined(separator: "\n")
  }
}
