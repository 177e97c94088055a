import Support
import Transformer

/// What came of an evaluation.
public struct EvaluateResult: Sendable {
  /// A fraction of the items with its standard error.
  public struct Share: Sendable, Equatable {
    /// The fraction.
    public let value: Double
    /// The square root of p (1 - p) / (n - 1); nil for one item.
    public let standardError: Double?

    init(_ isRight: [Bool]) {
      value = Double(isRight.count { $0 }) / Double(isRight.count)
      standardError = isRight.count > 1 ? (value * (1 - value) / Double(isRight.count - 1)).squareRoot() : nil
    }
  }

  /// How one item was answered.
  public struct Answer: Sendable {
    /// The right choice, from 0 on; 0 for a last word.
    public let right: Int
    /// The most probable choice.
    public let choice: Int
    /// The choice with the largest logarithm of its probability by the byte.
    public let choiceByBytes: Int
    /// Of each choice, how probable it is.
    public let scores: [ContinuationScore]

    init(_ item: TaskItem, _ scores: [ContinuationScore]) {
      (right, self.scores) = (item.answer, scores)
      func best(_ values: [Double]) -> Int { values.indices.reduce(0) { values[$1] > values[$0] ? $1 : $0 } }
      choice = best(scores.map(\.logLikelihood))
      choiceByBytes = best(
        zip(scores, item.choices).map { $0.logLikelihood / Double(max(1, $1.byteCount)) })
    }

    /// Whether the continuation is what the model would write.
    var isGreedy: Bool { scores.count == 1 && scores[0].isGreedy }
  }

  /// The file.
  public let task: String
  package let form: TaskForm
  /// How each item was answered, in the order of the file.
  public let answers: [Answer]
  /// What the job held in memory, as far as it was predicted.
  package var memory: MemoryBudget?

  /// The first item with a continuation whose probability is no number, from 0 on; nil where every item was answered.
  package var firstUnanswered: Int? {
    answers.firstIndex { !$0.scores.allSatisfy(\.logLikelihood.isFinite) }
  }

  /// Number of items.
  public var count: Int { answers.count }

  /// For each item, whether the right answer is the most probable one; of a last word, whether it is what the model would write.
  package var isRight: [Bool] { answers.map { form == .lastWord ? $0.isGreedy : $0.choice == $0.right } }

  /// For each item, whether the right answer has the largest logarithm of its probability by the byte; nil for a last word.
  package var isRightByBytes: [Bool]? { form == .lastWord ? nil : answers.map { $0.choiceByBytes == $0.right } }

  /// Items whose right answer is the most probable one; of a last word, those in which it is what the model would write.
  public var accuracy: Share { Share(isRight) }

  /// Items whose right answer has the largest logarithm of its probability by the byte; nil for a last word.
  public var normalizedAccuracy: Share? { isRightByBytes.map(Share.init) }

  /// The perplexity of the last words; nil where there are choices.
  public var perplexity: Double? {
    guard form == .lastWord else { return nil }
    return Math.exp(-answers.reduce(0) { $0 + $1.scores[0].logLikelihood } / Double(count))
  }
}
