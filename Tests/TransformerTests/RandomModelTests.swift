import Support
import Tensor
import TestSupport
import Testing
import Transformer

/// Small random models of every kind, with logits and hidden states computed by PyTorch.
@Suite struct RandomModelTests {
  static let models = [
    "llama-v1", "llama3-gqa", "llama-dynamic", "llama-yarn", "llama-yarn-mscale", "mistral", "qwen2", "qwen3",
    "qwen3-yarn",
    "opt-125m", "opt-350m",
  ]
  static let configurations = ["config.json", "config.transformers5.json"]

  static func load(_ name: String, _ configuration: String = "config.json") throws -> any CausalLM {
    let path = Fixtures.path("random-models/\(name)")
    return try ModelDirectory(path: path, configurationFile: configuration).loadModel()
  }

  @Test(arguments: models, configurations)
  func hiddenStatesAndLogitsAgreeWithPyTorch(_ name: String, _ configuration: String) throws {
    let model = try Self.load(name, configuration)
    let expected = try SafetensorsFile(path: Fixtures.path("random-models/\(name)/expected.safetensors"))
    guard case .rows(let tokens) = try TokenFile(path: expected.path) else {
      Issue.record("input_ids must have two dimensions")
      return
    }
    var hidden = model.embed(tokens)
    func check(_ tensor: String, _ found: Matrix) throws {
      let reference = try Fixtures.floats(expected, tensor).values
      let scale = reference.reduce(0) { max($0, $1.magnitude) }
      #expect(largestDifference(found.elements, reference) <= 2e-5 * scale, "\(tensor) of \(name)")
    }
    try check("hidden.0", hidden)
    for (index, block) in model.blocks.enumerated() {
      block.apply(to: &hidden, sequences: tokens.sequences)
      try check("hidden.\(index + 1)", hidden)
    }
    try check("head_input", model.headInputs(hidden))
    try check("logits", model.logits(hidden))

    let means = model.windowMeans(hidden, of: tokens)
    let json = try Fixtures.json(Fixtures.path("random-models/\(name)/expected.json"))
    for (found, wanted) in zip(means, try #require(json["row_mean_nll"]).doubles) {
      #expect(abs(found - wanted) <= 1e-5)
    }
    let perplexity = model.perplexity(tokens)
    #expect(abs(perplexity.meanNLL - (json["mean_nll"]?.double ?? .nan)) <= 1e-5)
    #expect(perplexity.tokens == json["targets"]?.integer)
  }

  @Test(arguments: models)
  func cachedGenerationEqualsRecomputation(_ name: String) throws {
    let model = try Self.load(name)
    let prompt = [5, 17, 400, 3]
    let sequence = model.greedyContinuation(of: prompt, length: 24)
    #expect(sequence.count == 24)
    for end in prompt.count..<sequence.count {
      let tokens = TokenBatch(tokens: Array(sequence[..<end]), length: end)
      let scores = model.logits(model.hiddenStates(tokens)).rows(end - 1..<end).elements
      let best = scores.max() ?? 0
      // The token that generation chose is the best one here too, or within rounding of it.
      #expect(scores[sequence[end]] >= best - 1e-4)
    }
  }

  @Test(arguments: models)
  func resultsDoNotDependOnThreadsOrStrips(_ name: String) throws {
    let model = try Self.load(name)
    guard case .rows(let tokens) = try TokenFile(path: Fixtures.path("ids/calib.safetensors")) else { return }
    let one = Parallel.$threadCount.withValue(1) { model.logits(model.hiddenStates(tokens)) }
    for threads in [2, 5] {
      let many = Parallel.$threadCount.withValue(threads) { model.logits(model.hiddenStates(tokens)) }
      #expect(one.elements.map(\.bitPattern) == many.elements.map(\.bitPattern))
    }
    let single = model.logits(model.hiddenStates(tokens[sequences: 3..<4]))
    #expect(single.elements == one.rows(3 * tokens.length..<4 * tokens.length).elements)
  }
}
