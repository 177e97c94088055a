import Support
import Tensor
import Tokenizer
import Transformer

/// How many questions of a task a model answers rightly, by the probabilities of the answers.
///
///     let result = try EvaluateJob(ModelSource("SmolLM2-135M"), task: "arc_easy.jsonl").run()
///     print(result.accuracy.value, "±", result.accuracy.standardError)
///
/// An answer's score is the sum of the logarithms of its tokens' probabilities behind the question, as in lm-evaluation-harness (Gao et
/// al., 2021). Documentation/Evaluate.md has the forms of a task.
public struct EvaluateJob: Sendable {
  /// The model.
  public var model: ModelSource
  /// A file of JSON lines, an item each.
  public var task: String
  /// Only the first items; nil for all.
  public var items: Int?
  /// Who is told how the work goes.
  public var events: any JobEvents = SilentEvents()

  /// An evaluation on all items of a task.
  public init(_ model: ModelSource, task: String) { (self.model, self.task) = (model, task) }

  /// Reads the task and the model, and asks.
  ///
  /// Throws `DocumentError` where a line is no item of a known form, and what reading the model throws.
  public func run() throws -> EvaluateResult {
    let (form, all) = try Self.read(task)
    let asked = Array(all.prefix(items ?? all.count))
    if let items, asked.count < items {
      events.note("\(task): \(asked.count) items are asked; \(items) were asked for, and it has no more")
    }
    let tokenizer = try model.tokenizer()
    for note in tokenizer.notes { events.note(note) }
    let language = try model.load(for: .manyTokens, events: events)
    let encoder = PairEncoder(tokenizer, positions: model.directory.maximumPositions)
    var answers: [EvaluateResult.Answer] = []
    var shortened = 0
    try events.during("asking \(task)", unit: "items") { update in
      for (index, item) in asked.enumerated() {
        let pairs = try item.choices.map { try encoder.encode($0.context, $0.continuation) }
        shortened += pairs.contains { $0.isShortened } ? 1 : 0
        let scores = language.scores(of: pairs.map { ($0.tokens, $0.context) })
        answers.append(EvaluateResult.Answer(item, scores))
        update(index + 1, asked.count)
      }
    }
    if shortened > 0 {
      events.note("\(task): \(shortened) items are longer than the model's positions and lose their beginning")
    }
    return EvaluateResult(task: task, form: form, answers: answers)
  }

  /// The items of a file, all of one form.
  static func read(_ path: String) throws -> (form: TaskForm, items: [TaskItem]) {
    let input = TextInput(path: path)
    var (form, items): (TaskForm?, [TaskItem]) = (nil, [])
    for (index, line) in try input.bytes().split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      guard line.contains(where: { !" \t\r".utf8.contains($0) }) else { continue }
      let json: JSON
      do throws(JSONError) { json = try JSON.parse(Array(line), acceptsNonFinite: true) } catch {
        throw DocumentError(input.name, field: "line \(index + 1)", reason: "\(error); an item is one line of JSON")
      }
      let fields = FieldReader(json, source: "\(input.name): line \(index + 1)")
      let found = try form ?? TaskForm(fields)
      form = found
      items.append(try found.item(fields))
    }
    guard let form else { throw DocumentError(input.name, reason: "there is no item in it") }
    return (form, items)
  }
}

/// Makes tokens of a context and a continuation.
private struct PairEncoder {
  private let tokenizer: BPETokenizer
  private let positions: Int
  /// What stands in front where neither the tokenizer nor the context has a token.
  private let beginning: [Int]

  init(_ tokenizer: BPETokenizer, positions: Int) {
    (self.tokenizer, self.positions) = (tokenizer, positions)
    beginning = [tokenizer.beginningOfText ?? tokenizer.endOfText].compactMap(\.self)
  }

  /// The tokens of both, and how many are the context's: as the two are spelled together, blanks between them belonging to the
  /// continuation; without their beginning where they have no positions.
  func encode(
    _ context: String, _ continuation: String
  ) throws(SettingError) -> (tokens: [Int], context: Int, isShortened: Bool) {
    let end = context.lastIndex { !$0.isWhitespace }.map(context.index(after:)) ?? context.startIndex
    let front = Array(context[..<end].utf8)
    func ids(_ text: [UInt8]) -> [Int] { tokenizer.encode(text, addingSpecialTokens: false) }
    let whole = ids(front + Array((context[end...] + continuation).utf8))
    let special = tokenizer.beginning.isEmpty && front.isEmpty ? beginning : tokenizer.beginning
    // At least one token is the continuation's, also where the two become one.
    let count = special.count + min(ids(front).count, whole.count - 1)
    guard !whole.isEmpty, count > 0 else {
      throw SettingError(.task, nil, "an item has no tokens in its question or in an answer")
    }
    let tokens = special + whole
    let surplus = min(max(0, tokens.count - 1 - positions), count - 1)
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
