import ShapleyPrune
import Support

extension BenchResult {
  var json: JSON {
    [
      "kernel": JSON(machine.kernel.rawValue), "threads": JSON(machine.threads),
      "peakFlops": machine.peak.map { JSON($0) } ?? .null, "bandwidth": JSON(machine.bandwidth),
      "denseFileBytes": JSON(denseFileBytes), "packedFileBytes": JSON(packedFileBytes),
      "promptTokens": JSON(promptTokens), "tokens": JSON(tokens), "forms": .array(forms.map(json)),
      "breakEven": breakEven.map(json) ?? .null,
    ]
  }

  private func json(_ form: Form) -> JSON {
    [
      "form": JSON(form.name), "linears": JSON(form.linears), "sparseForPrompt": JSON(form.sparseForPrompt),
      "sparseForText": JSON(form.sparseForText), "weightBytes": JSON(form.weightBytes),
      "bytesPerToken": JSON(form.tokenBytes), "promptTokensPerSecond": JSON(promptRate(form)),
      "promptShareOfPeak": promptShare(form).map { JSON($0) } ?? .null, "tokensPerSecond": JSON(textRate(form)),
      "shareOfBandwidth": JSON(textShare(form)),
      "perplexity": form.perplexity.map { JSON($0.perplexity) } ?? .null,
      "perplexitySeconds": form.perplexitySeconds.map { JSON($0) } ?? .null,
    ]
  }

  private func json(_ curve: BreakEvenCurve) -> JSON {
    [
      "rows": JSON(curve.rows), "columns": JSON(curve.columns), "type": JSON(curve.elementType.rawValue),
      "text": curve.breakEven(\.text).map { JSON($0) } ?? .null,
      "prompt": curve.breakEven(\.prompt).map { JSON($0) } ?? .null,
      "points": .array(
        curve.points.map { ["zeros": JSON($0.zeros), "textGain": JSON($0.text), "promptGain": JSON($0.prompt)] }),
    ]
  }

  var text: String {
    let peak = machine.peak.map { "\(($0 / 1e9).fixed(0)) GFLOP/s in registers, " } ?? ""
    let limits =
      "\(machine.kernel.rawValue), \(machine.threads) threads: \(peak)\((machine.bandwidth / 1e9).fixed(1)) GB/s from memory"
    var table = Table(
      [.text("")] + forms.map { .number($0.name) } + (forms.count == 2 ? [.number("gain")] : []))
    for figure in figures { table.append([figure.name] + figure.cells) }
    return "\(limits)\n\n\(table.rendered)" + (breakEven.map { "\n\n" + text($0) } ?? "")
  }

  private func text(_ curve: BreakEvenCurve) -> String {
    var table = Table([.number("zeros"), .number("text"), .number("prompt of \(BreakEvenCurve.promptTokens)")])
    for point in curve.points {
      table.append([Quantity.percent(point.zeros, digits: 0), point.text.fixed(2), point.prompt.fixed(2)])
    }
    func percent(_ fraction: Double?) -> String { fraction.map { Quantity.percent($0, digits: 0) } ?? "never" }
    return """
      times as fast without zeros, \(curve.rows) × \(curve.columns) in \(curve.elementType.rawValue)

      \(table.rendered)

      breaks even: text \(percent(curve.breakEven(\.text))), prompt \(percent(curve.breakEven(\.prompt)))
      """
  }
}
