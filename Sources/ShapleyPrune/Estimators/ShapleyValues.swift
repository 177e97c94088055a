import Support

/// One number a player, with what it took to get them.
///
///     let values = try SlidingWindowShapley(length: 3).estimate(&game)
///     print(values.values, values.grandValue - values.emptyValue, values.efficiencyGap)
public struct ShapleyValues: Sendable {
  /// The value of each player, in the unit of the game.
  public internal(set) var values: [Double]
  /// The standard error of each value; nil where the estimator does not sample, or too little.
  public internal(set) var standardErrors: [Double]?
  /// v(empty): the game without players.
  public internal(set) var emptyValue: Double
  /// v(N): the game with every player.
  public internal(set) var grandValue: Double
  /// Distinct coalitions the values were computed from.
  public internal(set) var evaluations: Int
  /// Coalitions evaluated only to report `emptyValue` and `grandValue`: 0, 1 or 2; not contained in `evaluations`.
  public internal(set) var additionalEvaluations: Int
  /// Coalitions that the estimator's formula names, each time it names them: the evaluations of a run without memory.
  public internal(set) var coalitionsAsked: Int
  /// The estimator with its settings; a window that is longer than the game has the game's length.
  public internal(set) var estimator: any ShapleyEstimator

  /// v(N) - v(empty) - sum of the values; 0 up to rounding for an efficient estimator.
  public var efficiencyGap: Double { grandValue - emptyValue - values.reduce(0, +) }

  /// A result of an estimator.
  public init(
    values: [Double], standardErrors: [Double]? = nil, emptyValue: Double, grandValue: Double, evaluations: Int,
    additionalEvaluations: Int = 0, coalitionsAsked: Int, estimator: any ShapleyEstimator
  ) {
    self.values = values
    self.standardErrors = standardErrors
    self.emptyValue = emptyValue
    self.grandValue = grandValue
    self.evaluations = evaluations
    self.additionalEvaluations = additionalEvaluations
    self.coalitionsAsked = coalitionsAsked
    self.estimator = estimator
  }
}

extension ShapleyValues: Record {
  package init() {
    self.init(values: [], emptyValue: 0, grandValue: 0, evaluations: 0, coalitionsAsked: 0, estimator: ExactShapley())
  }

  package static let fields: [RecordField<ShapleyValues>] = [
    .estimator(\.estimator),
    RecordField("values", \.values, FieldFormat.number().list),
    RecordField("standardErrors", \.standardErrors, FieldFormat.number().list.orNull, isRequired: false),
    RecordField("emptyValue", \.emptyValue, .number()),
    RecordField("grandValue", \.grandValue, .number()),
    .derived("efficiencyGap") { JSON($0.efficiencyGap) },
    RecordField("evaluations", \.evaluations, .integer()),
    RecordField("additionalEvaluations", \.additionalEvaluations, .integer()),
    RecordField("coalitionsAsked", \.coalitionsAsked, .integer()),
  ]

  package func check(_ object: FieldReader) throws(DocumentError) {
    guard !values.isEmpty else { throw try object.member("values").failure("it is empty") }
    if let count = standardErrors?.count, count != values.count {
      throw try object.member("standardErrors").failure("it has \(count) numbers for \(values.count) values")
    }
  }
}

extension RecordField {
  /// An estimator: its name, its settings, and null for the settings that other estimators have.
  package static func estimator(_ path: WritableKeyPath<Owner, any ShapleyEstimator> & Sendable) -> RecordField {
    RecordField { owner in
      let estimator = owner[keyPath: path]
      return [("estimator", JSON(estimator.name))] + Registries.estimators.members(of: estimator)
    } read: { (owner, object) throws(DocumentError) in
      owner[keyPath: path] = try Registries.estimators.read("estimator", in: object)
    }
  }
}

extension ShapleyValues: Equatable {
  /// Whether all numbers, and the estimators with their settings, are equal.
  public static func == (left: ShapleyValues, right: ShapleyValues) -> Bool {
    left.json.encoded() == right.json.encoded()
  }
}
