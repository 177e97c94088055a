import Support
import Tensor
import TestSupport
import Testing
import Transformer

/// Biases of LLaMA's linears, and OPT without biases or with a head of its own.
@Suite struct BiasTests {
  static let attention = ["q_proj": 64, "k_proj": 64, "v_proj": 64, "o_proj": 64]
  static let mlp = ["gate_proj": 56, "up_proj": 56, "down_proj": 64]

  /// A copy of the LLaMA fixture with random biases.
  static func biased(attention hasAttention: Bool, mlp hasMLP: Bool) throws -> TemporaryModel {
    let model = try TemporaryModel(copying: "llama-v1")
    try model.set("attention_bias", JSON(hasAttention))
    try model.set("mlp_bias", JSON(hasMLP))
    try model.change { tensors in
      var seed: UInt64 = 100
      for layer in 0..<4 {
        for (group, sizes, isWanted) in [("self_attn", attention, hasAttention), ("mlp", mlp, hasMLP)] where isWanted {
          for (name, size) in sizes.sorted(by: { $0.key < $1.key }) {
            seed += 1
            tensors.append(
              TemporaryModel.Tensor(
                "model.layers.\(layer).\(group).\(name).bias", [size], randomFloats(size, seed: seed, scale: 0.5)))
          }
        }
      }
    }
    return model
  }

  @Test(arguments: [(true, false), (false, true), (true, true), (false, false)])
  func llamaWithBiasesAgreesWithADirectComputation(_ hasAttention: Bool, _ hasMLP: Bool) throws {
    let directory = try Self.biased(attention: hasAttention, mlp: hasMLP)
    let model = try directory.load()
    let tokens = randomTokens(1, 12, below: 512)
    var hidden = model.embed(tokens)
    for (index, block) in model.blocks.enumerated() {
      let expected = try DirectLlamaBlock(directory, layer: index).apply(to: hidden)
      block.apply(to: &hidden, sequences: 1)
      let scale = expected.map(\.magnitude).max() ?? 0
      #expect(largestDifference(hidden.elements, expected.map(Float.init)) <= Float(1e-5 * scale))
      for role in block.roles {
        let isAttention = [LinearRole.query, .key, .value, .output].contains(role)
        #expect((block[role].bias != nil) == (isAttention ? hasAttention : hasMLP))
      }
    }
  }

  @Test func biasesThatTheConfigurationAsksForMustBeThere() throws {
    for (field, tensor) in [
      ("attention_bias", "model.layers.0.self_attn.q_proj.bias"), ("mlp_bias", "model.layers.0.mlp.gate_proj.bias"),
    ] {
      let model = try TemporaryModel(copying: "llama-v1")
      try model.set(field, true)
      let error = try thrown(ModelError.self) { try model.load() }
      #expect(error.description.contains("there is no tensor '\(tensor)'"))
    }
  }

  @Test(arguments: ["opt-125m", "opt-350m"])
  func optWithoutBiasesIsOptWithBiasesOfZero(_ name: String) throws {
    let tokens = randomTokens(2, 20, below: 512)
    func isLinearBias(_ name: String) -> Bool { name.hasSuffix(".bias") && !name.contains("norm") }
    let zero = try TemporaryModel(copying: name)
    let original = try zero.load().logits(of: tokens)
    try zero.change { tensors in
      for i in tensors.indices where isLinearBias(tensors[i].name) {
        tensors[i].bytes = [UInt8](repeating: 0, count: tensors[i].bytes.count)
      }
    }
    let without = try TemporaryModel(copying: name)
    try without.set("enable_bias", false)
    let expected = try zero.load().logits(of: tokens)
    let stored = try thrown(ModelError.self) { try without.load() }
    #expect(stored.description.contains("fc1.bias"), "biases in the file are never ignored")
    try without.change { $0.removeAll { isLinearBias($0.name) } }
    #expect(try without.load().logits(of: tokens) == expected)
    #expect(largestDifference(original, expected) > 1e-3)

    try without.set("enable_bias", true)
    let error = try thrown(ModelError.self) { try without.load() }
    #expect(error.description.contains("there is no tensor 'model.decoder.layers.0.self_attn.k_proj.bias'"))
  }

  @Test(arguments: [("opt-125m", 64), ("opt-350m", 32)])
  func optWithAHeadOfItsOwn(_ name: String, _ width: Int) throws {
    let tokens = randomTokens(1, 9, below: 512)
    let tied = try TemporaryModel(copying: name).load()
    let directory = try TemporaryModel(copying: name)
    try directory.set("tie_word_embeddings", false)
    let error = try thrown(ModelError.self) { try directory.load() }
    #expect(error.description.contains("there is no tensor 'lm_head.weight'"))
    let head = Matrix.random(512, width, seed: 7)
    try directory.change { $0.append(TemporaryModel.Tensor("lm_head.weight", [512, width], head.elements)) }
    let untied = try directory.load()
    let inputs = tied.headInputs(tied.hiddenStates(tokens))
    #expect(untied.logits(of: tokens) == matmul(inputs, transposed: head).elements)
    #expect(untied.parameterCount == tied.parameterCount + 512 * width)
  }

  @Test func optSavedFromTheBareDecoder() throws {
    let tokens = randomTokens(1, 9, below: 512)
    let directory = try TemporaryModel(copying: "opt-350m")
    let expected = try directory.load().logits(of: tokens)
    try directory.change { tensors in
      for i in tensors.indices { tensors[i].name = String(tensors[i].name.trimmingPrefix("model.")) }
    }
    #expect(try directory.load().logits(of: tokens) == expected)
  }
}

/// One block of the LLaMA fixture in Double, straight from the paper, for one sequence.
private struct DirectLlamaBlock {
  private let tensors: [String: [Double]]
  private let heads = 4
  private let dimension = 16
  private let width = 64

  init(_ directory: TemporaryModel, layer: Int) throws {
    var tensors: [String: [Double]] = [:]
    try directory.change { all in
      let prefix = "model.layers.\(layer)."
      for tensor in all where tensor.name.hasPrefix(prefix) {
        tensors[String(tensor.name.dropFirst(prefix.count))] = tensor.floats.map(Double.init)
      }
    }
    self.tensors = tensors
  }

  private subscript(_ name: String) -> [Double] { tensors[name] ?? [] }

  private func norm(_ x: [Double], _ name: String) -> [Double] {
    let scale = 1 / (x.reduce(0) { $0 + $1 * $1 } / Double(x.count) + 1e-6).squareRoot()
    return zip(x, self["\(name).weight"]).map { $0 * scale * $1 }
  }

  private func linear(_ x: [Double], _ name: String) -> [Double] {
    let weight = self["\(name).weight"]
    let outputs = weight.count / x.count
    let bias = tensors["\(name).bias"] ?? Array(repeating: 0, count: outputs)
    return (0..<outputs).map { i in x.indices.reduce(bias[i]) { $0 + x[$1] * weight[i * x.count + $1] } }
  }

  private func turned(_ x: [Double], position: Int) -> [Double] {
    var result = x
    for head in 0..<heads {
      for j in 0..<dimension / 2 {
        let angle = Double(position) * Math.pow(10000, -2 * Double(j) / Double(dimension))
        let (a, b) = (head * dimension + j, head * dimension + j + dimension / 2)
        result[a] = x[a] * Math.cos(angle) - x[b] * Math.sin(angle)
        result[b] = x[b] * Math.cos(angle) + x[a] * Math.sin(angle)
      }
    }
    return result
  }

  /// The block's outputs, row by row.
  func apply(to hidden: Matrix) -> [Double] {
    let rows = (0..<hidden.rows).map { hidden.rows($0..<$0 + 1).elements.map(Double.init) }
    let inputs = rows.map { norm($0, "input_layernorm") }
    let queries = inputs.enumerated().map { turned(linear($1, "self_attn.q_proj"), position: $0) }
    let keys = inputs.enumerated().map { turned(linear($1, "self_attn.k_proj"), position: $0) }
    let values = inputs.map { linear($0, "self_attn.v_proj") }
    return rows.indices.flatMap { t in
      var mixed = [Double](repeating: 0, count: width)
      for head in 0..<heads {
        let columns = head * dimension..<(head + 1) * dimension
        let weights = (0...t).map { s in
          Math.exp(columns.reduce(0) { $0 + queries[t][$1] * keys[s][$1] } / Double(dimension).squareRoot())
        }
        let sum = weights.reduce(0, +)
        for s in 0...t { for j in columns { mixed[j] += weights[s] / sum * values[s][j] } }
      }
      let middle = zip(rows[t], linear(mixed, "self_attn.o_proj")).map(+)
      let y = norm(middle, "post_attention_layernorm")
      let inner = zip(linear(y, "mlp.gate_proj"), linear(y, "mlp.up_proj")).map { $0 / (1 + Math.exp(-$0)) * $1 }
      return zip(middle, linear(inner, "mlp.down_proj")).map(+)
    }
  }
}
