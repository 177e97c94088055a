import ShapleyPrune
import Support

extension PruningRecord {
  /// The result for people: a line a block, then the perplexities.
  var text: String {
    var table = Table([.number("block"), .number("target"), .number("zeros"), .number("loss"), .number("dead inputs")])
    for (index, block) in blocks.enumerated() {
      let losses = block.linears.compactMap(\.value.loss)
      table.append([
        String(index), Quantity.percent(block.target), Quantity.percent(block.sparsity),
        losses.isEmpty ? "–" : losses.reduce(0, +).fixed(2),
        block.linears.contains { $0.value.deadInputs != nil }
          ? String(block.linears.reduce(0) { $0 + ($1.value.deadInputs ?? 0) }) : "–",
      ])
    }
    var lines = [table.rendered, "", "sparsity \(Quantity.percent(sparsity)) of the blocks' linears"]
    if let densePerplexity, let prunedPerplexity, let evaluation {
      lines.append(
        "perplexity \(densePerplexity.fixed(4)) dense, \(prunedPerplexity.fixed(4)) pruned, on "
          + "\(Quantity.counted(evaluation.windows, "window")) of \(evaluation.sequenceLength) tokens")
      if let text = evaluation.text { lines.append("text: \(text.text)") }
    }
    return lines.joined(separator: "\n")
  }
}
