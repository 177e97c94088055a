import Support

/// A figure of a measurement, for tables.
package struct BenchFigure {
  /// What it is, with its unit.
  package let name: String
  /// One for each form of the model, and where there are two and one can be better, how many times that without zeros is as good.
  package let cells: [String]
}

extension BenchResult {
  /// The figures that a table has, in their order; those that were not measured are left out.
  package var figures: [BenchFigure] {
    var figures: [BenchFigure] = []
    func plain(_ name: String, _ value: (Form) -> String?) {
      let values = forms.compactMap(value)
      guard values.count == forms.count else { return }
      figures.append(BenchFigure(name: name, cells: values + (forms.count == 2 ? [""] : [])))
    }
    // A gain above 1 is an advantage of the form without zeros.
    func compared(_ name: String, _ digits: Int, isRate: Bool, _ values: [Double?]) {
      let values = values.compactMap(\.self)
      guard values.count == forms.count else { return }
      let gain = values.count == 2 ? [(isRate ? values[1] / values[0] : values[0] / values[1]).fixed(2)] : []
      figures.append(BenchFigure(name: name, cells: values.map { $0.fixed(digits) } + gain))
    }
    let files = [denseFileBytes, packedFileBytes].prefix(forms.count).map { Double($0) / 0x1p20 }
    compared(forms.count == 2 ? "files, dense and packed, MiB" : "files, MiB", 1, isRate: false, files)
    compared("weights in memory, MiB", 1, isRate: false, forms.map { Double($0.weightBytes) / 0x1p20 })
    compared("prompt of \(promptTokens), tokens a second", 1, isRate: true, forms.map(promptRate))
    plain("  of the peak, zeros counted") { promptShare($0).map { Quantity.percent($0, digits: 1) } }
    plain("  linears without zeros") { "\($0.sparseForPrompt) of \($0.linears)" }
    compared("text, tokens a second", 1, isRate: true, forms.map(textRate))
    plain("  of the bandwidth") { Quantity.percent(textShare($0), digits: 1) }
    plain("  linears without zeros") { "\($0.sparseForText) of \($0.linears)" }
    plain("perplexity") { $0.perplexity?.perplexity.fixed(4) }
    compared("  seconds", 2, isRate: false, forms.map(\.perplexitySeconds))
    return figures
  }
}
