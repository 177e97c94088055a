import Support

/// What a record tells of a search.
public struct SearchRecord: Sendable {
  /// What the search began with.
  public internal(set) var start = AllocationSearch.Start.Name.values
  /// Generations.
  public internal(set) var generations = 0
  /// Generations that changed the allocation.
  public internal(set) var accepted = 0
  /// Changed allocations in a generation.
  public internal(set) var offspring = AllocationSearch.offspring
  /// How many of them each stage kept.
  public internal(set) var survivors = AllocationSearch.stages.map(\.survivors)
  /// On how many windows each stage measured.
  public internal(set) var windows: [Int] = []
  /// Weights that a step moves.
  public internal(set) var step = 0
  /// Steps up and down from the start that a linear could go.
  public internal(set) var reach = SearchLevels.usualReach
  /// The mean divergence from the dense model, in nats a token, before the first generation.
  public internal(set) var startDivergence = 0.0
  /// The same after the last.
  public internal(set) var divergence = 0.0
  /// Calibration windows that were held back to compare the two allocations on.
  public internal(set) var heldBack = 0
  /// The perplexity on those of the model that is pruned by the start; nil where the search came to nothing else.
  public internal(set) var startPerplexity: Double?
  /// The perplexity on those of the model that is pruned by what the search came to.
  public internal(set) var perplexity: Double?
  /// Which of the two the model is pruned by.
  public internal(set) var kept = Kept.found

  /// The allocations that are compared in the end.
  public enum Kept: String, CaseIterable, Sendable {
    /// The one that the search began with.
    case start
    /// The one that it came to.
    case found
  }

  package init() {}
}

extension SearchRecord: Record {
  package static let fields: [RecordField<SearchRecord>] = [
    RecordField("start", \.start, .word), RecordField("generations", \.generations, .integer()),
    RecordField("accepted", \.accepted, .integer()), RecordField("offspring", \.offspring, .integer()),
    RecordField("survivors", \.survivors, FieldFormat.integer().list),
    RecordField("windows", \.windows, FieldFormat.integer().list), RecordField("step", \.step, .integer()),
    RecordField("reach", \.reach, .integer()), RecordField("startDivergence", \.startDivergence, .numberOrNull),
    RecordField("divergence", \.divergence, .numberOrNull), RecordField("heldBackWindows", \.heldBack, .integer()),
    RecordField("startPerplexity", \.startPerplexity, FieldFormat.numberOrNull.orNull),
    RecordField("perplexity", \.perplexity, FieldFormat.numberOrNull.orNull),
    RecordField("kept", \.kept, .word),
  ]
}
