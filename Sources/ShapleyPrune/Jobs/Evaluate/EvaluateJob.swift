import Support
import Tensor
import Tokenizer
import Transformer

/// How many questions of some tasks a model answers rightly, by the probabilities of the answers.
///
///     let results = try EvaluateJob(ModelSource("SmolLM2-135M"), tasks: ["arc_easy.jsonl"]).run()
///     print(results[0].accuracy.value, "±", results[0].accuracy.standardError)
///
/// An answer's score is the sum of the logarithms of its tokens' probabilities behind the question, as in lm-evaluation-harness (Gao et
/// al., 2021). Documentation/Evaluate.md has the forms of a task.
public struct EvaluateJob: Sendable {
  /// The model.
  public var model: ModelSource
  /// Files of JSON lines, an item each.
  public var tasks: [String]
  /// Only the first items of each; nil for all.
  public var items: Int?
  /// Who is told how the work goes.
  public var events: any JobEvents = SilentEvents()

  /// An evaluation on all items of some tasks.
  public init(_ model: ModelSource, tasks: [String]) { (self.model, self.tasks) = (model, tasks) }

  /// Reads the tasks and the model, and asks.
  ///
  /// Throws `DocumentError` where a line is no item of a known form, or an answer does not fit the model, and what reading the model
  /// throws.
  ///
  /// - Returns: a result for each task, in their order.
  public func run() throws -> [EvaluateResult] {
    // Whatever is wrong with a task or the tokenizer is told before the weights are read.
    let encoder = try PairEncoder(model, events)
    let encoded = try tasks.map { path in
      let (form, all) = try Self.read(path)
      let asked = Array(all.prefix(items ?? all.count))
      if let items, asked.count < items {
        events.note("\(path): \(asked.count) items are asked; \(items) were asked for, and it has no more")
      }
      let pairs = try asked.enumerated().map { index, item in
        try item.choices.map { try encoder.encode($0, "\(path): item \(index + 1)") }
      }
      let shortened = pairs.count { $0.contains(where: \.isShortened) }
      if shortened > 0 {
        events.note("\(path): \(shortened) items are longer than the model's positions and lose their beginning")
      }
      return (path: path, form: form, items: Array(zip(asked, pairs)))
    }
    let language = try model.load(for: .manyTokens, events: events)
    return encoded.map { path, form, items in
      events.during("asking \(path)", unit: "items") { update in
        let answers = items.enumerated().map { index, item in
          defer { update(index + 1, items.count) }
          return EvaluateResult.Answer(item.0, language.scores(of: item.1.map { ($0.tokens, $0.context) }))
        }
        return EvaluateResult(task: path, form: form, answers: answers)
      }
    }
  }

  /// The items of a file, all of one form.
  static func read(_ path: String) throws -> (form: TaskForm, items: [TaskItem]) {
    var (form, items): (TaskForm?, [TaskItem]) = (nil, [])
    try JSONLines.forEach(in: path, kind: "an item") { fields in
      let found = try form ?? TaskForm(fields)
      form = found
      items.append(try found.item(fields))
    }
    guard let form else { throw DocumentError(TextInput(path: path).name, reason: "there is no item in it") }
    return (form, items)
  }
}

/// Makes tokens of a context and a continuation.
private struct PairEncoder {
  private let source: ModelSource
  private let tokenizer: BPETokenizer
  /// What stands in front where neither the tokenizer nor the context has a token.
  private let beginning: [Int]

  init(_ source: ModelSource, _ events: any JobEvents) throws {
    self.source = source
    tokenizer = try source.tokenizer()
    for note in tokenizer.notes { events.note(note) }
    beginning = [tokenizer.beginningOfText ?? tokenizer.endOfText].compactMap(\.self)
  }

  /// The tokens of both, and how many are the context's: as the two are spelled together, blanks between them belonging to the
  /// continuation; without their beginning where they have no positions.
  ///
  /// Throws an error that names `place` where a part has no tokens, a continuation has no positions, or a token is none of the model's.
  func encode(
    _ choice: TaskItem.Choice, _ place: String
  ) throws -> (tokens: [Int], context: Int, isShortened: Bool) {
    let context = choice.context
    let end = context.lastIndex { !$0.isWhitespace }.map(context.index(after:)) ?? context.startIndex
    let front = Array(context[..<end].utf8)
    func ids(_ text: [UInt8]) -> [Int] { tokenizer.encode(text, addingSpecialTokens: false) }
    let whole = ids(front + Array((context[end...] + choice.continuation).utf8))
    let special = tokenizer.beginning.isEmpty && front.isEmpty ? beginning : tokenizer.beginning
    // At least one token is the continuation's, also where the two become one.
    let count = special.count + min(ids(front).count, whole.count - 1)
    guard !whole.isEmpty, count > 0 else {
      throw DocumentError(place, reason: "its question, or an answer, has no tokens")
    }
    let (tokens, positions) = (special + whole, source.directory.maximumPositions)
    try source.check(tokens, of: place)
    let surplus = max(0, tokens.count - 1 - positions)
    // The last token of the context says what the first one of the continuation is worth.
    guard surplus < count else {
      throw DocumentError(
        place, reason: "an answer has \(tokens.count - count) tokens; the model has \(positions) positions")
    }
    return (Array(tokens[surplus...]), count - surplus, surplus > 0)
  }
}

/// What came of an evaluation.
public struct EvaluateResult: Sendable {
  /// A fraction of the items with its standard error.
  public struct Share: Sendable, Equatable {
    /// The fraction.
    public let value: Double
    /// The square root of p (1 - p) / (n - 1); 0 for one item.
    public let standardError: Double

    init(_ isRight: [Bool]) {
      value = Double(isRight.count { $0 }) / Double(isRight.count)
      standardError = isRight.count > 1 ? (value * (1 - value) / Double(isRight.count - 1)).squareRoot() : 0
    }
  }

  /// How one item was answered.
  package struct Answer: Sendable {
    package let right: Int
    /// The most probable choice, and the most probable one by the byte.
    package let choice: Int
    package let choiceByBytes: Int
    package let scores: [ContinuationScore]

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
  package let answers: [Answer]

  /// Number of items.
  public var count: Int { answers.count }

  /// Items whose right answer is the most probable one; of a last word, those in which it is what the model would write.
  public var accuracy: Share {
    Share(answers.map { form == .lastWord ? $0.isGreedy : $0.choice == $0.right })
  }

  /// Items whose right answer has the largest logarithm of its probability by the byte; nil for a last word.
  public var normalizedAccuracy: Share? {
    form == .lastWord ? nil : Share(answers.map { $0.choiceByBytes == $0.right })
  }

  /// The perplexity of the last words; nil where there are choices.
  public var perplexity: Double? {
    guard form == .lastWord else { return nil }
    return Math.exp(-answers.reduce(0) { $0 + $1.scores[0].logLikelihood } / Double(count))
  }
}
