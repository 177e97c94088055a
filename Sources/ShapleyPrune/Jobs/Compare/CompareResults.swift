import Support
import Transformer

/// What a model came to on one text.
package struct CompareMeasurement: Record {
  /// Mean negative log-likelihood of each window; NaN where it is not finite.
  package private(set) var windowMeans: [Double] = []
  private(set) var sequenceLength = 2
  private(set) var text = TextProtocol()

  package init() {}

  init(_ perplexity: Perplexity, _ text: TextProtocol) {
    windowMeans = perplexity.windowMeans
    sequenceLength = perplexity.sequenceLength
    self.text = text
  }

  package var perplexity: Perplexity { Perplexity(windowMeans: windowMeans, sequenceLength: sequenceLength) }

  package static let fields: [RecordField<CompareMeasurement>] = [
    RecordField("windowNLL", \.windowMeans, FieldFormat<Double>.numberOrNull.list),
    // No window is longer; figures of tokens must not overflow.
    RecordField("sequenceLength", \.sequenceLength, .integer(in: 2...1 << 24)), RecordField("text", \.text, .record),
  ]

  package func check(_ object: FieldReader) throws(DocumentError) {
    if windowMeans.isEmpty { throw try object.member("windowNLL").failure("it is empty") }
  }
}

/// Which items of a task a model answered rightly.
package struct CompareAnswers: Record {
  private(set) var form = TaskForm.choices
  /// By the probabilities of the answers; nil where one of them was no number.
  package private(set) var isRight: [Bool]?
  /// By their probabilities by the byte; nil for a last word, too.
  package private(set) var isRightByBytes: [Bool]?

  package init() {}

  init(_ result: EvaluateResult) {
    form = result.form
    guard result.firstUnanswered == nil else { return }
    (isRight, isRightByBytes) = (result.isRight, result.isRightByBytes)
  }

  package static let fields: [RecordField<CompareAnswers>] = [
    RecordField("form", \.form, .word), RecordField("right", \.isRight, FieldFormat.digits.orNull),
    RecordField("rightByBytes", \.isRightByBytes, FieldFormat.digits.orNull),
  ]

  package func check(_ object: FieldReader) throws(DocumentError) {
    if isRight?.isEmpty == true { throw try object.member("right").failure("it is empty") }
    let count = isRight?.count ?? 0
    if let isRightByBytes, isRightByBytes.count != count {
      throw try object.member("rightByBytes").failure("it has \(isRightByBytes.count) items, and 'right' has \(count)")
    }
  }
}

extension FieldFormat where Value == [Bool] {
  /// A digit for each: 1 for true, 0 for false.
  fileprivate static var digits: Self {
    Self(write: { JSON(String($0.map { $0 ? "1" : "0" })) }) { (field) throws(DocumentError) in
      let text = try field.text()
      guard text.utf8.allSatisfy({ $0 == UInt8(ascii: "0") || $0 == UInt8(ascii: "1") }) else {
        throw field.failure("expected digits 0 and 1")
      }
      return text.utf8.map { $0 == UInt8(ascii: "1") }
    }
  }
}

/// What a dense model came to.
package struct CompareDense: Record {
  package var measurements: [CompareMeasurement] = []
  package var answers: [CompareAnswers] = []

  package init() {}

  package static let fields: [RecordField<CompareDense>] = [
    RecordField("texts", \.measurements, FieldFormat.record.list),
    RecordField("tasks", \.answers, FieldFormat.record.list, isRequired: false),
  ]
}

/// What a cell came to.
package struct CompareOutcome: Record {
  /// The pruning; nil where the model could not be pruned so.
  var pruning: PruningRecord?
  package var measurements: [CompareMeasurement] = []
  package var answers: [CompareAnswers] = []
  /// Why it could not be.
  var failure: String?

  package init() {}

  init(failure: String) { self.failure = failure }

  package static let fields: [RecordField<CompareOutcome>] = [
    RecordField("pruning", \.pruning, FieldFormat.record.orNull),
    RecordField("texts", \.measurements, FieldFormat.record.list),
    RecordField("tasks", \.answers, FieldFormat.record.list, isRequired: false),
    RecordField("failure", \.failure, FieldFormat.text.orNull),
  ]
}

extension DenseMeasurements {
  /// Takes what a part's file has; values are returned, since they belong to the allocation.
  mutating func take(_ part: DensePart, _ fields: FieldReader) throws(DocumentError) -> ShapleyRecord? {
    switch part {
    case .values: return try ShapleyRecord(fields)
    case .outlierRatios: outlierRatios = try Self.blocks(fields)
    case .medianScores: medianScores = try Self.blocks(fields)
    case .hillExponents: hillExponents = try Self.blocks(fields)
    case .sensitivity: sensitivity = try OutputSensitivity(fields)
    }
    return nil
  }

  private static func blocks(_ fields: FieldReader) throws(DocumentError) -> [Double] {
    try FieldFormat<Double>.number().list.read(fields.member("blocks"))
  }
}
