import Support
import Tensor
import Transformer

/// A LLaMA of random weights in F32 and BF16: one window with its negative log-likelihoods, short prompts, and greedy decoding.
enum ForwardBenchmark: Benchmark {
  static let name = "forward"
  static let summary =
    "a LLaMA: B blocks, D hidden, H heads, I intermediate, V vocabulary; a window of T tokens, prompts, decoding"
  static let dimensions = ["B", "D", "H", "I", "V", "T"]
  static let sizes = [Size([12, 768, 12, 2048, 32000, 2048])]

  /// Tokens in front of those that are decoded, and tokens that are decoded.
  private static let (promptLength, decodedLength) = (16, 32)
  /// Tokens of the short prompts.
  private static let promptLengths = [8, 32, 64]
  /// Tokens that go through the reference kernel: it takes its time.
  private static let verifiedTokens = 8
  /// Rows from which on a product is tiled on both sides.
  private static let largeProduct = 256

  private static func shape(_ size: Size) -> RandomLlama {
    RandomLlama(
      blocks: size[0], hidden: size[1], heads: size[2], intermediate: size[3], vocabulary: size[4],
      positions: max(size[5], promptLength + decodedLength, promptLengths.max() ?? 0))
  }

  static func bytes(_ size: Size) -> Int {
    8 * shape(size).parameters + 4 * size[5] * (8 * size[1] + 3 * size[3]) + 4 * 4096 * 1024
  }

  static func check(_ size: Size) throws(BenchmarkError) {
    guard size[1] % size[2] == 0, size[1] / size[2] % 2 == 0 else {
      throw .usage("--size \(size): the \(size[1]) columns must be an even number for each of the \(size[2]) heads")
    }
    guard size[5] > verifiedTokens else {
      throw .usage("--size \(size): a window needs more than \(verifiedTokens) tokens")
    }
  }

  static func run(_ size: Size, _ session: Session) throws {
    let shape = shape(size)
    var generator = SeededGenerator(seed: 1)
    let tokens = (0..<size[5]).map { _ in generator.below(shape.vocabulary) }
    for type in [ElementType.float32, .bfloat16] {
      let model = try shape.loaded(as: type)
      try window(size, shape, model, type, TokenBatch(tokens: tokens, length: tokens.count), session)
      let prompt = (0..<promptLength).map { _ in generator.below(shape.vocabulary) }
      try decoding(size, shape, model, type, prompt, session)
      for length in promptLengths {
        try self.prompt(size, shape, model, type, (0..<length).map { _ in generator.below(shape.vocabulary) }, session)
      }
    }
  }

  /// One window with its NLL.
  private static func window(
    _ size: Size, _ shape: RandomLlama, _ model: any CausalLM, _ type: ElementType, _ batch: TokenBatch,
    _ session: Session
  ) throws {
    let identifier = identifier(size, type.rawValue.lowercased())
    let found = model.negativeLogLikelihoods(model.hiddenStates(batch), of: batch)
    let short = TokenBatch(windowsOf: batch.tokens, length: verifiedTokens).first(1)
    let wanted = Kernel.$current.withValue(.reference) {
      model.negativeLogLikelihoods(model.hiddenStates(short), of: short)
    }
    // A token sees none of those behind it, so the first ones need no others.
    for (position, pair) in zip(found, wanted).enumerated() {
      try Oracle.require(
        pair.0, near: pair.1, within: tolerance(model), "\(identifier), the NLL of token \(position + 1)")
    }
    guard found.allSatisfy({ $0.isFinite && $0 >= 0 }) else {
      throw BenchmarkError.wrongResult("\(identifier): an NLL is not a number from 0 on")
    }
    let products = 2 * Double(batch.length) * Double(shape.multipliedParameters)
    let attention =
      Double(shape.blocks)
      * AttentionBenchmark.operations(
        heads: shape.heads, tokens: batch.length, headDimension: shape.hidden / shape.heads)
    let work = Work(operations: products + attention, items: (Double(batch.length), "tokens"))
    session.measure(name, identifier, work) { Harness.time { model.perplexity(batch) } }
  }

  /// The scores behind a prompt.
  private static func prompt(
    _ size: Size, _ shape: RandomLlama, _ model: any CausalLM, _ type: ElementType, _ tokens: [Int],
    _ session: Session
  ) throws {
    let identifier = "prompt\(tokens.count)/\(size)/\(type.rawValue.lowercased())"
    func scores() -> [Float] {
      var sequence = TokenSequence(model, tokens)
      return sequence.nextScores()
    }
    // A prompt that is longer than the reference has time for passes the kernel among as many others as make its products large ones,
    // which have nothing in common with those of few rows.
    let isShort = tokens.count <= verifiedTokens
    let copies = isShort ? 1 : largeProduct / tokens.count + 1
    let batch = TokenBatch(tokens: Array((0..<copies).map { _ in tokens }.joined()), length: tokens.count)
    let hidden = Kernel.$current.withValue(isShort ? .reference : .current) { model.hiddenStates(batch) }
    let wanted = Kernel.$current.withValue(.reference) { model.logits(hidden.rows(tokens.count - 1..<tokens.count)) }
    let tolerance = tolerance(model)
    for (id, pair) in zip(scores(), wanted.elements).enumerated() {
      try Oracle.require(
        Double(pair.0), near: Double(pair.1), within: tolerance, "\(identifier), the logit of id \(id)")
    }
    // The head sees the last token only.
    let products = 2 * (Double(tokens.count) * Double(shape.multipliedParameters - shape.vocabulary * shape.hidden))
    let work = Work(
      operations: products + 2 * Double(shape.vocabulary * shape.hidden), items: (Double(tokens.count), "tokens"))
    session.measure(name, identifier, work) { Harness.time(scores) }
  }

  /// Greedy decoding: with the prompt, which goes through the model in one piece, as part of the time, and behind it, so that nothing is
  /// timed but what reads all weights for a token.
  private static func decoding(
    _ size: Size, _ shape: RandomLlama, _ model: any CausalLM, _ type: ElementType, _ prompt: [Int],
    _ session: Session
  ) throws {
    let identifier = "decode/\(size)/\(type.rawValue.lowercased())"
    func decode() -> [Int] { model.greedyContinuation(of: prompt, length: promptLength + decodedLength) }
    try verify(decode(), model, identifier)
    // The prompt and every decoded token but the last pass all weights once.
    let bytes = Double(decodedLength) * Double(shape.multipliedParameters * type.byteCount)
    let work = Work(bytesRead: bytes, items: (Double(decodedLength), "tokens"))
    session.measure(name, identifier, work) { Harness.time(decode) }
    session.measure(name, "text/\(size)/\(type.rawValue.lowercased())", work) {
      Harness.time(preparing: {
        var sequence = TokenSequence(model, prompt)
        let scores = sequence.nextScores()
        return (sequence, scores, TokenSampler(Sampling()))
      }) { state in
        for _ in 0..<decodedLength {
          state.0.append(state.2.choose(state.1, after: state.0.tokens))
          state.1 = state.0.nextScores()
        }
      }
    }
  }

  /// Every decoded token has the largest logit when the whole text passes the model at once, without keys and values kept.
  private static func verify(_ text: [Int], _ model: any CausalLM, _ identifier: String) throws {
    guard text.count == promptLength + decodedLength else {
      throw BenchmarkError.wrongResult("\(identifier): \(text.count) tokens were decoded")
    }
    let logits = model.logits(model.hiddenStates(TokenBatch(tokens: text, length: text.count)))
    for position in promptLength..<text.count {
      let row = logits.rows(position - 1..<position).elements
      guard row.allSatisfy(\.isFinite), let largest = row.max() else {
        throw BenchmarkError.wrongResult("\(identifier): a logit in front of token \(position) is not finite")
      }
      try Oracle.require(
        Double(row[text[position]]), near: Double(largest), within: tolerance(model),
        "\(identifier), the logit of token \(position)")
    }
  }

  /// How far an NLL or a logit may move from one kernel to another.
  ///
  /// A sum of k terms has a relative error of about sqrt(k) · u, and hardly ever more than four times as much (Higham and Mary,
  /// "A New Approach to Probabilistic Rounding Error Analysis", 2019). Two residual branches a block and the head, in two runs,
  /// make 2 · (2B + 1) of them, as good as independent, so that their squares add up; they meet logits of at most |h| · |w|,
  /// where |h|² is the hidden size after the final norm, and w the longest row of the head. The norms on the way take out what
  /// the sizes of the hidden states would add.
  static func tolerance(_ model: any CausalLM) -> Double {
    let head = model.head.widened()
    let inputs = Double(model.hiddenSize)
    let widest = model.blocks.flatMap { block in block.roles.map { block[$0].weight.columns } }.max() ?? 1
    var longest = 0.0
    head.withElements { w in
      for row in 0..<head.rows {
        let start = w + row * head.columns
        longest = max(longest, Oracle.dot(start, start, count: head.columns).sum)
      }
    }
    let sums = 2 * Double(2 * model.blocks.count + 1)
    return 4 * (sums * Double(widest)).squareRoot() * Oracle.unitRoundoff * (inputs * longest).squareRoot()
  }
}
