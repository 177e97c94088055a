import Support

/// A file of Shapley values that does not say what it should.
public struct ShapleyValuesError: Error, Equatable, Sendable {
  /// The file, or another name of where the text came from.
  public let source: String
  /// The member in question, such as `values[3]`.
  public let field: String
  /// What is wrong with it.
  public let reason: String
}

extension ShapleyValuesError: Diagnostic {
  /// One line that names file and field.
  public var description: String { "\(source): \(field): \(reason)" }
  package var failureKind: FailureKind { .badData }
}

extension ShapleyValues {
  /// The result as a JSON object; members that do not apply to the estimator are null.
  package var json: JSON {
    JSON(
      members: estimator.members + [
        ("values", JSON(values)), ("standardErrors", standardErrors.map { JSON($0) } ?? .null),
        ("emptyValue", JSON(emptyValue)), ("grandValue", JSON(grandValue)), ("efficiencyGap", JSON(efficiencyGap)),
        ("evaluations", JSON(evaluations)), ("additionalEvaluations", JSON(additionalEvaluations)),
        ("coalitionsAsked", JSON(coalitionsAsked)),
      ])
  }

  /// Reads what `json` wrote.
  ///
  /// Members it does not know are left alone, so a report may hold more than the values. Throws `ShapleyValuesError`.
  ///
  /// - Parameter source: The file's path, for messages.
  package init(json: JSON, source: String) throws(ShapleyValuesError) {
    let reader = Reader(json: json, source: source)
    guard json.object != nil else { throw reader.failure("the document", "it is \(json.kind), not an object") }
    let values = try reader.numbers("values")
    guard !values.isEmpty else { throw reader.failure("values", "it is empty") }
    var standardErrors: [Double]?
    if let member = json["standardErrors"], !member.isNull {
      let errors = try reader.numbers("standardErrors")
      guard errors.count == values.count else {
        throw reader.failure("standardErrors", "it has \(errors.count) numbers for \(values.count) values")
      }
      standardErrors = errors
    }
    self.init(
      values: values,
      standardErrors: standardErrors,
      emptyValue: try reader.number("emptyValue"),
      grandValue: try reader.number("grandValue"),
      evaluations: try reader.count("evaluations"),
      additionalEvaluations: try reader.count("additionalEvaluations"),
      coalitionsAsked: try reader.count("coalitionsAsked"),
      estimator: try EstimatorDescription(json: json, source: source))
  }
}

extension EstimatorDescription {
  /// Members of a JSON object; those that do not apply to the estimator are null.
  package var members: [(String, JSON)] {
    var window = JSON.null
    var placement = JSON.null
    var surroundings = JSON.null
    var budget = JSON.null
    var seed = JSON.null
    var tolerance = JSON.null
    switch self {
    case .exact: break
    case .window(let length, let itsPlacement, let itsSurroundings):
      window = JSON(length)
      placement = JSON(itsPlacement.rawValue)
      surroundings = JSON(itsSurroundings.rawValue)
    case .permutation(let itsBudget, let itsSeed, let itsTolerance):
      budget = JSON(itsBudget)
      seed = .number(String(itsSeed))
      tolerance = itsTolerance.map { JSON($0) } ?? .null
    }
    return [
      ("estimator", JSON(name)), ("window", window), ("placement", placement), ("surroundings", surroundings),
      ("budget", budget), ("seed", seed), ("tolerance", tolerance),
    ]
  }

  /// Reads what `members` wrote.
  ///
  /// Throws `ShapleyValuesError`.
  ///
  /// - Parameter source: The file's path, for messages.
  package init(json: JSON, source: String) throws(ShapleyValuesError) {
    self = try Reader(json: json, source: source).estimator()
  }
}

/// Typed members of one object.
private struct Reader {
  let json: JSON
  let source: String

  func failure(_ field: String, _ reason: String) -> ShapleyValuesError {
    ShapleyValuesError(source: source, field: field, reason: reason)
  }

  func member(_ name: String) throws(ShapleyValuesError) -> JSON {
    guard let member = json[name] else { throw failure(name, "it is missing") }
    return member
  }

  func number(_ name: String) throws(ShapleyValuesError) -> Double { try number(member(name), name) }

  func number(_ json: JSON, _ field: String) throws(ShapleyValuesError) -> Double {
    guard let value = json.double else { throw failure(field, "it is \(json.kind), not a number") }
    guard value.isFinite else { throw failure(field, "the number is too large") }
    return value
  }

  func numbers(_ name: String) throws(ShapleyValuesError) -> [Double] {
    let json = try member(name)
    guard let elements = json.array else { throw failure(name, "it is \(json.kind), not an array") }
    var numbers: [Double] = []
    for (index, element) in elements.enumerated() { numbers.append(try number(element, "\(name)[\(index)]")) }
    return numbers
  }

  func count(_ name: String) throws(ShapleyValuesError) -> Int {
    guard let count = try member(name).integer, count >= 0 else { throw failure(name, "it is not a whole number >= 0") }
    return count
  }

  func word<Word: RawRepresentable & CaseIterable>(_ name: String, _: Word.Type) throws(ShapleyValuesError) -> Word
  where Word.RawValue == String {
    let json = try member(name)
    guard let word = json.text.flatMap(Word.init(rawValue:)) else {
      throw failure(name, "it is none of \(Word.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return word
  }

  func estimator() throws(ShapleyValuesError) -> EstimatorDescription {
    switch try member("estimator").text {
    case "exact":
      return .exact
    case "window":
      let length = try count("window")
      guard length >= 1 else { throw failure("window", "a window holds at least 1 player") }
      let placement = try word("placement", WindowPlacement.self)
      return .window(
        length: length, placement: placement, surroundings: try word("surroundings", Surroundings.self))
    case "permutation":
      guard case .number(let text) = try member("seed"), let seed = UInt64(text) else {
        throw failure("seed", "it is not a whole number of 64 bits")
      }
      let tolerance = try json["tolerance"].flatMap { $0.isNull ? nil : $0 }.map { json throws(ShapleyValuesError) in
        try number(json, "tolerance")
      }
      return .permutation(budget: try count("budget"), seed: seed, tolerance: tolerance)
    default:
      throw failure("estimator", "it is none of exact, window, permutation")
    }
  }
}
