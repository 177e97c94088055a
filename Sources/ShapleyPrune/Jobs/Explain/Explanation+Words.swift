import Support

/// What is said of a walk, in the terminal and in a report.
extension Explanation {
  /// What an absent player is.
  package var absenceSentence: String {
    guard let probe = record.settings.probe else { return "While the player is absent, it is skipped." }
    return
      "While the player is absent, \(probe.pruner.name) has pruned it to \(Quantity.percent(probe.sparsity ?? 0)); "
      + "the change is that of the weight as a share of its norm."
  }

  package var absenceTable: Table {
    var table = Table([.text("linear"), .number("outputs"), .number("inputs"), .number("zeros"), .number("change")])
    for linear in absence {
      table.append([
        linear.tensor, "\(linear.rows)", "\(linear.columns)",
        Quantity.percent(Double(linear.zeros) / Double(linear.rows * linear.columns)),
        Quantity.percent(linear.change),
      ])
    }
    return table
  }

  /// The points of the path and their terms.
  package var pathTable: Table {
    var table = Table([.number("presence"), .number("derivative"), .number("weight"), .number("term")])
    for node in path {
      table.append([
        node.presence.fixed(4), node.derivative.fixed(6), node.weight.fixed(4), node.weighted.fixed(6),
      ])
    }
    return table
  }

  /// How the sparsity follows from the value.
  package var sparsitySentences: String {
    "Values are divided by the weights of their players; the logarithms, times the spread \(spread.fixed(3)), are how far a player "
      + "stays below the target.\n\(player.name) is pruned to \(Quantity.percent(sparsity)); the players range from "
      + "\(Quantity.percent(sparsities.min() ?? 0)) to \(Quantity.percent(sparsities.max() ?? 0))."
  }
}

extension Explanation.Window {
  package var title: String { "Window \(players.joined(separator: " ")), all others present" }

  /// The terms of the player's value in the window.
  package var table: Table {
    var table = Table([
      .text("present besides"), .number("v without"), .number("v with"), .number("adds"), .number("weight"),
      .number("term"),
    ])
    for term in terms {
      let present = present(in: term)
      table.append([
        present.isEmpty ? "none" : present.joined(separator: " "), term.without.fixed(6), term.with.fixed(6),
        term.marginal.fixed(6), term.weight.fixed(4), term.weighted.fixed(6),
      ])
    }
    return table
  }
}

extension Explanation.Effect {
  /// How many weights are left.
  package var keptSentence: String {
    let (least, greatest) = (keptOfRows.lowerBound, keptOfRows.upperBound)
    return "\(kept) of \(count) weights are kept, \(Quantity.percent(least, digits: 1)) to "
      + "\(Quantity.percent(greatest, digits: 1)) of an output's."
  }

  /// How far the linear is from what it was.
  package var changeSentence: String {
    "The weights that are kept moved by \(Quantity.percent(change)) of their norm; the outputs, with the inputs of the pruned model, "
      + "differ by \(Quantity.percent(outputError))."
  }

  /// The groups of `keptByMagnitude`.
  package var groupNames: [String] {
    keptByMagnitude.indices.map { $0 == 0 ? "smallest" : $0 == Self.groupCount - 1 ? "largest" : "\($0 + 1)" }
  }
}
