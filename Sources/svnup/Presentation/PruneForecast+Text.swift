import ShapleyPrune
import Support

extension PruneForecast {
  var json: JSON {
    [
      "blocks": JSON(blocks), "prunableParameters": JSON(prunable),
      "calibrationSamples": samples.map { JSON($0) } ?? .null,
      "calibrationLength": sampleLength.map { JSON($0) } ?? .null, "windows": windows.map { JSON($0) } ?? .null,
      "sparsities": sparsities.map { JSON($0) } ?? .null, "outputBytes": JSON(outputBytes), "seconds": JSON(seconds),
      "parts": .array(parts.map { ["name": JSON($0.name), "seconds": JSON($0.seconds)] }), "memory": memory.json,
    ]
  }

  /// The work with its times, then memory, budgets and output.
  var text: String {
    var table = Table([.text("work"), .number("about")])
    for part in parts { table.append([part.name, Duration.seconds(part.seconds).clock]) }
    table.append(["all", Duration.seconds(seconds).clock])
    let budgets = sparsities.map { sparsities -> String in
      let range = (sparsities.min() ?? 0, sparsities.max() ?? 0)
      return range.0 == range.1
        ? "\(Quantity.percent(range.0)) of every block"
        : "\(Quantity.percent(range.0)) to \(Quantity.percent(range.1)) of a block"
    }
    return """
      \(table.rendered)

      memory   \(Quantity.bytes(bytes)) at most
      budgets  \(budgets ?? "known when the model has been measured")
      prunes   \(Quantity.count(prunable)) weights in \(blocks) blocks\(samples.map { ", on \(Quantity.counted($0, "sample")) of \(sampleLength ?? 0) tokens" } ?? "")
      output   \(Quantity.bytes(outputBytes))
      """
  }
}
