import Charts
import ShapleyPrune

extension Page {
  /// The report of a pruning.
  ///
  ///     let events = TimedEvents()
  ///     job.events = events
  ///     let result = try job.run()
  ///     let page = Page(of: result.record, savings: ZeroSavings(of: result.model), cost: events).rendered
  ///
  /// - Parameters:
  ///   - record: the record.
  ///   - model: what to call the model in the title; nil for no name.
  ///   - savings: what the zeros are worth; nil leaves that out.
  ///   - events: what took the time of the run; nil leaves the cost out.
  public init(
    of record: PruningRecord, model: String? = nil, savings: ZeroSavings? = nil, cost events: TimedEvents? = nil
  ) {
    self.init(title: model.map { "\($0), pruned" } ?? "Pruned model", lead: PageBlock.summary(of: record))
    sections = [
      record.allocation.shapley.map { PageSection.values(of: $0) }, PageSection.sparsity(of: record),
      savings.map { PageSection.savings($0) }, PageSection.loss(of: record), PageSection.windows(of: record),
      PageSection.allocation(of: record),
      PageSection.cost(events), PageSection.provenance(of: record), PageSection.allFigures(of: record),
    ].compactMap(\.self)
  }

  /// The report of Shapley values.
  ///
  /// - Parameters:
  ///   - record: the record.
  ///   - model: what to call the model in the title; nil for no name.
  ///   - command: the words of the command line; empty where a program took the values.
  ///   - events: what took the time of the run; nil leaves the cost out.
  public init(
    of record: ShapleyRecord, model: String? = nil, command: [String] = [], cost events: TimedEvents? = nil
  ) {
    self.init(title: "Shapley values\(model.map { " of \($0)" } ?? "")", lead: PageBlock.summary(of: record))
    sections = [
      PageSection.values(of: record), PageSection.cost(events), PageSection.provenance(of: record, command: command),
      PageSection.allFigures(of: record),
    ].compactMap(\.self)
  }
}
