import Charts
import ShapleyPrune
import Support

extension Page {
  /// The report of how fast a model is, with and without its zeros.
  ///
  ///     let page = Page(of: try BenchJob(model).run(), model: "opt-125m-pruned").rendered
  ///
  /// - Parameters:
  ///   - result: the measurements.
  ///   - model: what to call the model in the title; nil for no name.
  public init(of result: BenchResult, model: String? = nil) {
    let machine = result.machine
    var tiles: [PageBlock.Fact] = [
      .init("kernel", machine.kernel.rawValue), .init("threads", "\(machine.threads)"),
      .init("bandwidth", "\((machine.bandwidth / 1e9).fixed(1)) GB/s"),
    ]
    if let peak = machine.peak { tiles.append(.init("peak", "\((peak / 1e9).fixed(0)) GFLOP/s")) }
    tiles.append(.init("files, dense", Quantity.bytes(result.denseFileBytes)))
    if let dense = result.forms.first, result.forms.count == 2 {
      let sparse = result.forms[1]
      tiles += [
        .init("files, packed", Quantity.bytes(result.packedFileBytes)),
        .init("text, gain", "\((result.textRate(sparse) / result.textRate(dense)).fixed(2)) ×"),
        .init("prompt, gain", "\((result.promptRate(sparse) / result.promptRate(dense)).fixed(2)) ×"),
      ]
    }
    let sentence =
      result.forms.count == 2
      ? "The model was timed in turns with its zeros and without them; the medians count."
      : "No linear has enough zeros, and weights, to be faster without them, so the model was timed as it is."
    self.init(
      title: "\(model ?? "A model"), timed",
      lead: [.tiles(tiles), .paragraph("\(sentence) Times depend on the machine.")])
    sections = [.speed(result)]
  }
}
