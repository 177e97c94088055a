import Charts
import ShapleyPrune
import Support

extension Page {
  /// The report of several prunings of one model, and of the values that shared their sparsity.
  ///
  /// - Parameters:
  ///   - title: what was pruned.
  ///   - dense: the perplexity of the model as it was.
  ///   - values: the Shapley values.
  ///   - records: the prunings.
  ///   - best: the one that was saved, in full.
  ///   - savings: what its zeros are worth; nil leaves that out.
  ///   - events: what took the time of the run; nil leaves the cost out.
  public init(
    title: String, dense: Double, values: ShapleyRecord, records: [PruningRecord], best: PruningRecord,
    savings: ZeroSavings? = nil, cost events: TimedEvents? = nil
  ) {
    self.init(title: title, lead: PageBlock.summary(of: best))
    var valued = PageSection.values(of: values)
    valued.blocks.insert(
      .paragraph("These values were measured on other windows than the perplexities, before anything was pruned."),
      at: 1)
    let named = records.enumerated().flatMap { index, record in
      PageBlock.figures(of: record, named: " (\(index + 1): \(PageSection.name(record)))")
    }
    sections = [
      PageSection.runs(records, dense: dense), valued, PageSection.sparsity(of: best),
      savings.map { PageSection.savings($0) }, PageSection.loss(of: best),
      PageSection.windows(of: best), PageSection.allocation(of: best), PageSection.cost(events),
      PageSection.provenance(of: best), PageSection("All figures of the records", named),
    ].compactMap(\.self)
    var figures = PageSection.allFigures(of: values)
    figures.title = "All figures of the values"
    sections.append(figures)
  }
}
