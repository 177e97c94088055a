import Support
import Tensor
import Tokenizer
import Transformer

/// A task in the tokens of a model.
struct PreparedTask: Sendable {
  /// The file.
  let path: String
  let form: TaskForm
  private let items: [(item: TaskItem, pairs: [TokenPair])]

  /// Reads tasks, and makes tokens of their items.
  ///
  /// Throws `SettingError` for fewer items than one, `DocumentError` where a line is no item of a known form or an answer does not fit the
  /// model, and what reading the tokenizer throws.
  ///
  /// - Parameter items: only the first of each; nil for all.
  static func prepare(
    _ paths: [String], items: Int?, for model: ModelSource, events: any JobEvents
  ) throws -> [PreparedTask] {
    try SettingError.demandOne(items, .items)
    let encoder = try PairEncoder(model, events)
    return try paths.map { try PreparedTask($0, items: items, encoder, events) }
  }

  private init(_ path: String, items limit: Int?, _ encoder: PairEncoder, _ events: any JobEvents) throws {
    let (form, all, unread) = try Self.read(path)
    if !unread.isEmpty {
      events.note("\(path): fields that are not read: \(unread.sorted().joined(separator: ", "))")
    }
    let asked = Array(all.prefix(limit ?? all.count))
    if let limit, asked.count < limit {
      events.note("\(path): \(asked.count) items are asked; \(limit) were asked for, and it has no more")
    }
    let pairs = try asked.enumerated().map { index, item in
      try item.choices.map { try encoder.encode($0, "\(path): item \(index + 1)") }
    }
    let shortened = pairs.count { $0.contains(where: \.isShortened) }
    if shortened > 0 {
      events.note("\(path): \(shortened) items are longer than the model's positions and lose their beginning")
    }
    (self.path, self.form) = (path, form)
    items = zip(asked, pairs).map { (item: $0, pairs: $1) }
  }

  /// The items of a file, all of one form, and fields that it has no use for.
  private static func read(_ path: String) throws -> (form: TaskForm, items: [TaskItem], unread: Set<String>) {
    var (form, items, unread): (TaskForm?, [TaskItem], Set<String>) = (nil, [], [])
    try JSONLines.forEach(in: path, kind: "an item") { fields in
      let found = try form ?? TaskForm(fields)
      form = found
      items.append(try found.item(fields))
      unread.formUnion(try found.unread(fields))
    }
    guard let form else { throw DocumentError(TextInput(path: path).name, reason: "there is no item in it") }
    return (form, items, unread)
  }

  /// Tokens that pass a model at a time, where the next item does not take more: every weight is read once for them.
  static let usualPass = 512

  /// Items that pass a model together, and their tokens, of all choices.
  private func passes(of limit: Int) -> [(items: Range<Int>, tokens: Int)] {
    var passes: [(items: Range<Int>, tokens: Int)] = []
    for (index, item) in items.enumerated() {
      let count = item.pairs.reduce(0) { $0 + $1.tokens.count }
      if let last = passes.last, last.tokens + count <= limit {
        passes[passes.count - 1] = (last.items.lowerBound..<index + 1, last.tokens + count)
      } else {
        passes.append((index..<index + 1, count))
      }
    }
    return passes
  }

  /// Tokens of the largest pass, where they are to be so many.
  func largestPass(of tokens: Int) -> Int { passes(of: tokens).reduce(0) { max($0, $1.tokens) } }

  /// What a model answers.
  func ask(_ model: any CausalLM, pass: Int, events: any JobEvents) -> EvaluateResult {
    events.during("asking \(path)", unit: "items") { update in
      var answers: [EvaluateResult.Answer] = []
      for pass in passes(of: pass) {
        let asked = items[pass.items]
        // Each pass has matrices of its own sizes, which no other can use.
        let scores = MemoryPool.shared.phase {
          model.scores(of: asked.map { $0.pairs.map { ($0.tokens, $0.context) } })
        }
        answers += zip(asked, scores).map { EvaluateResult.Answer($0.item, $1) }
        update(answers.count, items.count)
      }
      return EvaluateResult(task: path, form: form, answers: answers)
    }
  }
}

/// The tokens of a context and of a continuation behind it.
private struct TokenPair: Sendable {
  let tokens: [Int]
  /// How many of them are the context's.
  let context: Int
  /// Whether the beginning is left out, because it has no positions.
  let isShortened: Bool
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
  ) throws -> TokenPair {
    let context = choice.context
    let end = context.lastIndex { !$0.isWhitespace }.map(context.index(after:)) ?? context.startIndex
    let front = Array(context[..<end].utf8)
    func ids(_ text: [UInt8]) -> [Int] { tokenizer.encode(text, addingSpecialTokens: false) }
    let whole = ids(front + Array((context[end...] + choice.continuation).utf8))
    let special = tokenizer.beginning.isEmpty && front.isEmpty ? beginning : tokenizer.beginning
    // At least one token is the continuation's, also where the two become one.
    let count = special.count + min(ids(front).count, whole.count - 1)
    // A blank alone, before characters that have no tokens, says nothing of an answer.
    let answer = Array(choice.continuation.drop { $0.isWhitespace }.utf8)
    guard !whole.isEmpty, count > 0, !answer.isEmpty, !ids(answer).isEmpty else {
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
    return TokenPair(tokens: Array(tokens[surplus...]), context: count - surplus, isShortened: surplus > 0)
  }
}
