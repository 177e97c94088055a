import Charts
import ShapleyPrune
import Support

extension PageBlock {
  /// What was pruned, by what, and what became of the perplexity, for the top of a page.
  public static func summary(of record: PruningRecord) -> [PageBlock] {
    let linears = record.blocks.reduce(0) { $0 + $1.linears.count }
    let weights = record.blocks.reduce(0) { $0 + $1.linears.reduce(0) { $0 + $1.value.count } }
    var tiles: [Fact] = [
      Fact("method", record.pruner.name), Fact("zeros", Quantity.percent(record.sparsity)),
      Fact("allocation", record.allocation.rule),
      Fact("prunable weights", Quantity.count(weights)),
    ]
    if let dense = record.densePerplexity { tiles.append(Fact("perplexity before", dense.fixed(4))) }
    if let pruned = record.prunedPerplexity { tiles.append(Fact("perplexity after", pruned.fixed(4))) }
    if let dense = record.densePerplexity, let pruned = record.prunedPerplexity {
      tiles.append(Fact("change", Quantity.change(pruned, from: dense)))
    }
    var sentence =
      "\(record.pruner.name) set \(Quantity.percent(record.sparsity)) of the weights of \(linears) linears in "
      + "\(record.blocks.count) blocks to zero. The sparsity was shared by the rule \(record.allocation.rule)."
    if let evaluation = record.evaluation {
      sentence +=
        " The perplexity was measured on \(Quantity.counted(evaluation.windows, "window")) of \(evaluation.sequenceLength) tokens, before "
        + "and after; nothing was tuned on them."
    } else {
      sentence += " No text was given to measure the perplexity on."
    }
    return [.tiles(tiles), .paragraph(sentence)]
  }

  /// What was valued and how, for the top of a page.
  public static func summary(of record: ShapleyRecord) -> [PageBlock] {
    let values = record.values
    let tiles: [Fact] = [
      Fact("players", "\(record.names.count) \(record.settings.granularity.rawValue)"),
      Fact("estimator", values.estimator.name),
      Fact("absent players", record.settings.probe.map { "pruned by \($0.pruner.name)" } ?? "bypassed"),
      Fact("v(all)", NumberText.plain(values.grandValue, digits: 6)),
      Fact("v(none)", NumberText.plain(values.emptyValue, digits: 6)),
      Fact("efficiency gap", NumberText.plain(values.efficiencyGap)),
    ]
    let probe = record.settings.probe.map { probe in
      "An absent player is pruned by \(probe.pruner.name)"
        + (probe.sparsity.map { " to a sparsity of \(Quantity.percent($0))" } ?? "")
    }
    let sentence =
      "\(probe ?? "An absent player is skipped"). The worth of a coalition is measured on \(Quantity.counted(record.windows, "window")) of "
      + "\(record.sequenceLength) tokens, in \(record.settings.value.unit)."
    return [.tiles(tiles), .paragraph(sentence)]
  }
}
