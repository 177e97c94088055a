import Support
import Tensor
import TestSupport
import Testing
import Transformer

/// Perplexity by hand, and losses against log-softmax in Double.
@Suite struct PerplexityTests {
  @Test func handComputedCase() {
    let result = Perplexity(windowMeans: [1, 2, 4.5], sequenceLength: 5)
    #expect(result.meanNLL == 2.5)
    #expect(abs(result.perplexity - 12.182493960703473) < 1e-12)
    // Deviations -1.5, -0.5, 2: variance 6.5 / 2, of the mean 6.5 / 6; times e^2.5.
    #expect(abs((result.standardError ?? 0) - 12.182493960703473 * 1.0408329997330663) < 1e-11)
    #expect(result.tokens == 12)
    #expect(result.windows == 3)
    #expect(result.sequenceLength == 5)
  }

  @Test func oneWindowHasNoStandardError() {
    let result = Perplexity(windowMeans: [3], sequenceLength: 2)
    #expect(result.standardError == nil)
    #expect(result.meanNLL == 3)
    #expect(result.tokens == 1)
  }

  @Test func equalWindowsHaveStandardErrorZero() {
    #expect(Perplexity(windowMeans: [2, 2, 2, 2], sequenceLength: 9).standardError == 0)
  }

  /// A LLaMA of one block whose vocabulary is larger than two chunks of it.
  static func wideModel() throws -> any CausalLM {
    let (vocabulary, hidden, inner) = (9000, 8, 12)
    var seed: UInt64 = 0
    func tensor(_ name: String, _ shape: [Int], scale: Float = 0.5) -> TemporaryModel.Tensor {
      seed += 1
      return TemporaryModel.Tensor(name, shape, randomFloats(shape.reduce(1, *), seed: seed, scale: scale))
    }
    let layer = "model.layers.0"
    return try TemporaryModel(
      configuration: [
        "model_type": "llama", "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 1,
        "num_attention_heads": 2, "vocab_size": 9000, "max_position_embeddings": 1024,
      ],
      tensors: [
        tensor("model.embed_tokens.weight", [vocabulary, hidden]),
        tensor("lm_head.weight", [vocabulary, hidden], scale: 2),
        tensor("model.norm.weight", [hidden], scale: 1), tensor("\(layer).input_layernorm.weight", [hidden]),
        tensor("\(layer).post_attention_layernorm.weight", [hidden]),
        tensor("\(layer).self_attn.q_proj.weight", [hidden, hidden]),
        tensor("\(layer).self_attn.k_proj.weight", [hidden, hidden]),
        tensor("\(layer).self_attn.v_proj.weight", [hidden, hidden]),
        tensor("\(layer).self_attn.o_proj.weight", [hidden, hidden]),
        tensor("\(layer).mlp.gate_proj.weight", [inner, hidden]),
        tensor("\(layer).mlp.up_proj.weight", [inner, hidden]),
        tensor("\(layer).mlp.down_proj.weight", [hidden, inner]),
      ]
    ).load()
  }

  @Test func lossesOverManyChunksAgreeWithLogSoftmaxInDouble() throws {
    let model = try Self.wideModel()
    var tokens = randomTokens(3, 360, below: 9000).tokens
    // Targets at the ends of every chunk that is likely, and at the last entry.
    for (i, id) in [0, 4095, 4096, 8191, 8192, 8999].enumerated() { tokens[50 + i] = id }
    let batch = TokenBatch(tokens: tokens, length: 360)
    let hidden = model.hiddenStates(batch)
    let found = model.negativeLogLikelihoods(hidden, of: batch)
    let inputs = model.headInputs(hidden).elements.map(Double.init)
    let head = model.head.widened().elements.map(Double.init)
    var index = 0
    var worst = 0.0
    for row in tokens.indices where (row + 1) % 360 != 0 {
      let logits = (0..<9000).map { v in (0..<8).reduce(0) { $0 + inputs[row * 8 + $1] * head[v * 8 + $1] } }
      let largest = logits.max() ?? 0
      let sum = logits.reduce(0) { $0 + Math.exp($1 - largest) }
      let expected = largest + Math.log(sum) - logits[tokens[row + 1]]
      worst = max(worst, abs(found[index] - expected))
      index += 1
    }
    #expect(found.count == index && index == 3 * 359)
    // A logit is a sum of 8 products of about 2: some units of 2^-24 times 16.
    #expect(worst < 2e-5)
    #expect((found.max() ?? 0) > 10, "the targets are not all likely")

    let means = model.windowMeans(hidden, of: batch)
    #expect(means.count == 3)
    for (window, mean) in means.enumerated() {
      #expect(mean == found[window * 359..<(window + 1) * 359].reduce(0, +) / 359)
    }
  }

  @Test func perplexityIsThatOfItsWindows() throws {
    let model = try RandomModelTests.load("llama-v1")
    // More windows than go through the model at once.
    let windows = randomTokens(70, 64, below: 512)
    #expect(windows.strips(ofRows: WorkingMemory().stripRows).count == 2)
    var steps: [Int] = []
    let result = model.perplexity(windows) { completed, total in
      steps.append(completed)
      #expect(total == 70)
    }
    #expect(steps == [64, 70])
    let means = model.windowMeans(model.hiddenStates(windows), of: windows)
    #expect(result == Perplexity(windowMeans: means, sequenceLength: 64))
    #expect(result.tokens == 70 * 63)
  }
}
