import ShapleyPrune
import Support

extension Explanation {
  /// The walk, step by step.
  func text(_ style: Bar.Style) -> String {
    """
    \(player.name): \(Quantity.count(player.parameters)) weights

    1. What takes its place

    \(absenceSentence)

    \(absenceTable.rendered)

    2. What it adds to the coalitions of its windows

    \(windows.map(text).joined(separator: "\n\n"))

    Mean of \(windows.count == 1 ? "the window" : "\(windows.count) windows"): its value by windows is \(windowValue.fixed(6))

    3. The path on which all players come in together

    \(pathText(style))

    Sum of weight times derivative: its value by the diagonal is \(value.fixed(6)), \(rank == 0 ? "more than that of all others" : "less than that of \(rank) others") of \(players.count)

    4. The sparsity that follows

    \(sparsitySentences)

    5. What that does to it

    \(effects.map { text($0, style) }.joined(separator: "\n\n"))

    text: \(text.text)
    """
  }

  private func text(_ window: Window) -> String {
    """
    \(window.title)

    \(window.table.rendered)

    sum \(window.sum.fixed(6))
    """
  }

  private func pathText(_ style: Bar.Style) -> String {
    let bar = Bar(comparing: path.map(\.derivative), width: 32, style: style)
    return pathTable.inserting(.text(""), after: "derivative", path.map { bar.rendered($0.derivative) }).rendered
  }

  private func text(_ effect: Effect, _ style: Bar.Style) -> String {
    let bar = Bar(range: 0...1, width: 32, style: style)
    var table = Table([.text("tenth"), .number("kept"), .text("")])
    for (name, share) in zip(effect.groupNames, effect.keptByMagnitude) {
      table.append([name, Quantity.percent(share, digits: 1), bar.rendered(share)])
    }
    return """
      \(effect.linear.rawValue): \(effect.keptSentence) By magnitude:

      \(table.rendered)

      \(effect.changeSentence)
      """
  }
}
