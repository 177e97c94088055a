import ShapleyPrune
import Support

extension BenchResult {
  var json: JSON {
    [
      "kernel": JSON(machine.kernel.rawValue), "threads": JSON(machine.threads),
      "peakFlops": machine.peak.map { JSON($0) } ?? .null, "bandwidth": JSON(machine.bandwidth),
      "denseFileBytes": JSON(denseFileBytes), "packedFileBytes": JSON(packedFileBytes),
      "promptTokens": JSON(promptTokens), "tokens": JSON(tokens), "forms": .array(forms.map(json)),
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

  var text: String {
    let peak = machine.peak.map { "\(($0 / 1e9).fixed(0)) GFLOP/s in registers, " } ?? ""
    let limits =
      "\(machine.kernel.rawValue), \(machine.threads) threads: \(peak)\((machine.bandwidth / 1e9).fixed(1)) GB/s from memory"
    var table = Table(
      [.text("")] + forms.map { .number($0.name) } + (forms.count == 2 ? [.number("gain")] : []))
    // A gain above 1 is an advantage of the form without zeros.
    func row(_ name: String, _ digits: Int, isRate: Bool, _ values: [Double?]) {
      let values = values.compactMap(\.self)
      guard values.count == forms.count else { return }
      let gain = values.count == 2 ? [(isRate ? values[1] / values[0] : values[0] / values[1]).fixed(2)] : []
      table.append([name] + values.map { $0.fixed(digits) } + gain)
    }
    func plain(_ name: String, _ value: (Form) -> String?) {
      let values = forms.compactMap(value)
      if values.count == forms.count { table.append([name] + values) }
    }
    let files = [denseFileBytes, packedFileBytes].prefix(forms.count).map { Double($0) / 0x1p20 }
    row(forms.count == 2 ? "files, dense and packed, MiB" : "files, MiB", 1, isRate: false, files)
    row("weights in memory, MiB", 1, isRate: false, forms.map { Double($0.weightBytes) / 0x1p20 })
    row("prompt of \(promptTokens), tokens a second", 1, isRate: true, forms.map(promptRate))
    plain("  of the peak, zeros counted") { promptShare($0).map { Quantity.percent($0, digits: 1) } }
    plain("  linears without zeros") { "\($0.sparseForPrompt) of \($0.linears)" }
    row("text, tokens a second", 1, isRate: true, forms.map(textRate))
    plain("  of the bandwidth") { Quantity.percent(textShare($0), digits: 1) }
    plain("  linears without zeros") { "\($0.sparseForText) of \($0.linears)" }
    plain("perplexity") { $0.perplexity?.perplexity.fixed(4) }
    row("  seconds", 2, isRate: false, forms.map(\.perplexitySeconds))
    return "\(limits)\n\n\(table.rendered)"
  }
}
