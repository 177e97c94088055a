import Support

/// How the sparsity of a model was shared among its parts, with what it was derived from.
public struct AllocationRecord: Sendable {
  /// The rule's name, or the file that gave the sparsities.
  public internal(set) var rule = ""
  /// How far the sparsities lie apart; nil where nothing was spread.
  public internal(set) var spread: Double?
  /// What happened to the importances first; nil where the rule has no choice.
  public internal(set) var scaling: ImportanceScaling?
  /// OWL's outlier ratios, one a block.
  public internal(set) var outlierRatios: [Double]?
  /// DLP's relative importances, one a block.
  public internal(set) var relativeImportances: [Double]?
  /// AlphaPruning's exponents, one a block.
  public internal(set) var hillExponents: [Double]?
  /// Where the tail that an exponent is fitted to begins.
  public internal(set) var tail: SpectrumTail?
  /// The Shapley values.
  public internal(set) var shapley: ShapleyRecord?
  /// The spreads that were tried.
  public internal(set) var tries: [SpreadSearch.Try]?
  /// What a search did.
  public internal(set) var search: SearchRecord?
  package internal(set) var sparsities = AllocationTable()

  /// The sparsity of each player, by its name; blocks have their numbers.
  public var namedSparsities: [(player: String, sparsity: Double)] {
    sparsities.entries.map { ($0.name, $0.value) }
  }

  package init() {}
}

extension AllocationRecord: Record {
  package static let fields: [RecordField<AllocationRecord>] = [
    RecordField("rule", \.rule, .text),
    RecordField("spread", \.spread, FieldFormat.number().orNull, isRequired: false),
    RecordField("scaling", \.scaling, FieldFormat.word.orNull, isRequired: false),
    .members(of: \.sparsities),
    RecordField("outlierRatios", \.outlierRatios, FieldFormat.number().list.orNull, isRequired: false),
    RecordField("relativeImportances", \.relativeImportances, FieldFormat.number().list.orNull, isRequired: false),
    RecordField("hillExponents", \.hillExponents, FieldFormat.number().list.orNull, isRequired: false),
    RecordField("tail", \.tail, FieldFormat.word.orNull, isRequired: false),
    RecordField("shapley", \.shapley, FieldFormat.record.orNull, isRequired: false),
    RecordField("tries", \.tries, FieldFormat.record.list.orNull, isRequired: false),
    RecordField("search", \.search, FieldFormat.record.orNull, isRequired: false),
  ]
}
