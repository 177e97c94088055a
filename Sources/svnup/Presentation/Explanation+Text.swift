import ShapleyPrune
import Support

extension Explanation {
  /// The walk, step by step.
  func text(_ style: Bar.Style) -> String {
    """
    \(player.name): \(Quantity.count(player.parameters)) weights

    1. What takes its place

    \(absenceTable)

    2. What it adds to the coalitions of its windows

    \(windows.map(text).joined(separator: "\n\n"))

    Mean of \(windows.count == 1 ? "the window" : "\(windows.count) windows"): its value by windows is \(windowValue.fixed(6))

    3. The path on which all players come in together

    \(pathTable(style))

    Sum of weight times derivative: its value by the diagonal is \(value.fixed(6)), \(rank == 0 ? "more than that of all others" : "less than that of \(rank) others") of \(players.count)

    4. The sparsity that follows

    \(sparsityText)

    5. What that does to it

    \(effects.map { text($0, style) }.joined(separator: "\n\n"))

    text: \(text.text)
    """
  }

  private var absenceTable: String {
    var table = Table([.text("linear"), .number("outputs"), .number("inputs"), .number("zeros"), .number("change")])
    for linear in absence {
      table.append([
        linear.tensor, "\(linear.rows)", "\(linear.columns)",
        Quantity.percent(Double(linear.zeros) / Double(linear.rows * linear.columns)),
        Quantity.percent(linear.change),
      ])
    }
    guard let probe = record.settings.probe else { return table.rendered }
    return """
      Absent players are pruned by \(probe.pruner.name) to \(Quantity.percent(probe.sparsity ?? 0)); the change is that of the weight as a share of its norm.

      \(table.rendered)
      """
  }

  private func text(_ window: Window) -> String {
    var table = Table([
      .text("present besides"), .number("v without"), .number("v with"), .number("adds"), .number("weight"),
      .number("term"),
    ])
    for term in window.terms {
      let present = window.present(in: term)
      table.append([
        present.isEmpty ? "none" : present.joined(separator: " "), term.without.fixed(6), term.with.fixed(6),
        term.marginal.fixed(6), term.weight.fixed(4), term.weighted.fixed(6),
      ])
    }
    return """
      Window \(window.players.joined(separator: " ")), all others present

      \(table.rendered)

      sum \(window.sum.fixed(6))
      """
  }

  private func pathTable(_ style: Bar.Style) -> String {
    let bar = Bar(comparing: path.map(\.derivative), width: 32, style: style)
    var table = Table([.number("presence"), .number("derivative"), .text(""), .number("weight"), .number("term")])
    for node in path {
      table.append([
        node.presence.fixed(4), node.derivative.fixed(6), bar.rendered(node.derivative), node.weight.fixed(4),
        node.weighted.fixed(6),
      ])
    }
    return table.rendered
  }

  private var sparsityText: String {
    """
    Values are divided by the weights of their players; the logarithms, times the spread \(spread.fixed(3)), are how far a player stays below the target.
    \(player.name) is pruned to \(Quantity.percent(sparsity)); the players range from \(Quantity.percent(sparsities.min() ?? 0)) to \(Quantity.percent(sparsities.max() ?? 0)).
    """
  }

  private func text(_ effect: Effect, _ style: Bar.Style) -> String {
    let bar = Bar(range: 0...1, width: 32, style: style)
    var table = Table([.text("magnitude"), .number("kept"), .text("")])
    for (index, share) in effect.keptByMagnitude.enumerated() {
      let names = [0: "smallest tenth", Effect.groupCount - 1: "largest tenth"]
      table.append([names[index] ?? "\(index + 1).", Quantity.percent(share, digits: 1), bar.rendered(share)])
    }
    return """
      \(effect.linear.rawValue): \(effect.kept) of \(effect.count) weights are kept, \(Quantity.percent(effect.keptOfRows.lowerBound, digits: 1)) to \(Quantity.percent(effect.keptOfRows.upperBound, digits: 1)) of an output's

      \(table.rendered)

      The weights that are kept moved by \(Quantity.percent(effect.change)) of their norm; the outputs, with the inputs of the pruned model, differ by \(Quantity.percent(effect.outputError)).
      """
  }
}
