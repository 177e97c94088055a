import Support
import Tensor
import TestSupport
import Testing
import Transformer

/// Configurations and weights that cannot be used: each ends in one typed error that names what is wrong.
@Suite struct ConfigurationTests {
  /// What is done to a fixture's configuration, and what the error's line must name.
  struct Case: Sendable, CustomTestStringConvertible {
    var model: String
    var field: String
    var value: JSON?
    var names: [String]

    init(_ model: String, _ field: String, _ value: JSON?, _ names: String...) {
      (self.model, self.field, self.value, self.names) = (model, field, value, names)
    }

    var testDescription: String {
      "\(model): \(field) = \(value.map { String(decoding: $0.encoded(), as: UTF8.self) } ?? "missing")"
    }
  }

  static let range = "a whole number from 1 to"
  static let kinds = "supported: default, linear, dynamic, yarn, llama3"

  /// A rotary embedding of YaRN with one more member.
  private static func yarn(_ name: String, _ value: JSON) -> JSON {
    JSON(members: [("rope_type", "yarn"), ("factor", 4), (name, value)])
  }

  static let cases: [Case] = [
    Case("llama-v1", "num_attention_heads", 5, "num_attention_heads", "5 does not divide hidden_size 64"),
    Case("llama-v1", "num_attention_heads", 128, "num_attention_heads", "128 does not divide hidden_size 64"),
    Case("opt-125m", "num_attention_heads", 3, "num_attention_heads", "3 does not divide hidden_size 64"),
    Case("llama3-gqa", "num_key_value_heads", 3, "num_key_value_heads", "3 does not divide the 8 attention heads"),
    Case("llama3-gqa", "num_key_value_heads", 16, "num_key_value_heads", "16 does not divide the 8 attention heads"),
    Case("llama-v1", "num_hidden_layers", 0, "num_hidden_layers", range),
    Case("llama-v1", "num_hidden_layers", -1, "num_hidden_layers", range),
    Case("llama-v1", "num_hidden_layers", .number("9223372036854775808"), "num_hidden_layers", range),
    Case("llama-v1", "num_hidden_layers", .number("1e400"), "num_hidden_layers", range),
    Case("llama-v1", "num_hidden_layers", .number("2.5"), "num_hidden_layers", range),
    Case("llama-v1", "num_hidden_layers", "4", "num_hidden_layers", range),
    Case("llama-v1", "num_hidden_layers", nil, "num_hidden_layers", "missing"),
    Case("llama-v1", "num_hidden_layers", .null, "num_hidden_layers", "missing"),
    Case("opt-125m", "num_hidden_layers", 0, "num_hidden_layers", range),
    Case("opt-125m", "num_hidden_layers", .number("9223372036854775808"), "num_hidden_layers", range),
    Case("llama-v1", "hidden_size", .number("9223372036854775807"), "hidden_size", range),
    Case("llama-v1", "head_dim", 15, "head_dim", "odd"),
    Case("llama-v1", "head_dim", 0, "head_dim", range),
    Case("llama-v1", "rms_norm_eps", 0, "rms_norm_eps", "greater than 0"),
    Case("llama-v1", "rms_norm_eps", "1e-6", "rms_norm_eps", "greater than 0"),
    Case("llama-v1", "tie_word_embeddings", "yes", "tie_word_embeddings", "true or false"),
    Case("llama-v1", "hidden_act", "gelu", "hidden_act", "'gelu' is not supported; supported: silu, swish"),
    Case("llama-v1", "hidden_act", 3, "hidden_act", "a string"),
    Case("opt-125m", "activation_function", "gelu", "activation_function", "'gelu'", "supported: relu"),
    Case("opt-125m", "layer_norm_elementwise_affine", false, "layer_norm_elementwise_affine", "supported: true"),
    Case("llama-v1", "rope_theta", -1, "rope_theta", "greater than 0"),
    Case("llama-v1", "rope_scaling", 2, "rope_scaling", "an object"),
    Case("llama-v1", "rope_scaling", ["rope_type": 1], "rope_scaling.rope_type", "a number", kinds),
    Case("llama-v1", "rope_scaling", ["type": "longrope"], "rope_scaling.type", "'longrope'", "outgrows", kinds),
    Case("llama-v1", "rope_scaling", ["type": "su", "factor": 4], "rope_scaling.type", "'su'", "outgrows", kinds),
    Case("llama-v1", "rope_scaling", ["type": "mrope"], "rope_scaling.type", "'mrope' is not supported", kinds),
    Case("llama-v1", "rope_scaling", ["factor": 4], "rope_scaling.rope_type", "missing"),
    Case("llama-v1", "rope_parameters", ["rope_type": "longrope"], "rope_parameters.rope_type", "'longrope'"),
    Case("llama-v1", "rope_scaling", ["rope_type": "linear"], "rope_scaling.factor", "missing"),
    Case("llama-v1", "rope_scaling", ["rope_type": "linear", "factor": 0], "rope_scaling.factor", "greater than 0"),
    Case("llama-v1", "rope_scaling", ["rope_type": "llama3", "factor": 8], "rope_scaling.low_freq_factor", "missing"),
    Case("llama-v1", "rope_scaling", ["rope_type": "dynamic"], "rope_scaling.factor", "missing"),
    Case("llama-v1", "rope_scaling", ["rope_type": "dynamic", "factor": -1], "rope_scaling.factor", "greater than 0"),
    Case("llama-v1", "rope_scaling", ["type": "yarn"], "rope_scaling.factor", "missing"),
    Case("llama-v1", "rope_scaling", yarn("attention_factor", 0), "rope_scaling.attention_factor", "greater than 0"),
    Case("llama-v1", "rope_scaling", yarn("mscale", -1), "rope_scaling.mscale", "greater than 0"),
    Case("llama-v1", "rope_scaling", yarn("mscale_all_dim", "1"), "rope_scaling.mscale_all_dim", "greater than 0"),
    Case("llama-v1", "rope_scaling", yarn("beta_fast", 0), "rope_scaling.beta_fast", "greater than 0"),
    Case("llama-v1", "rope_scaling", yarn("beta_slow", 33), "rope_scaling.beta_fast", "32.0 must not be less", "33.0"),
    Case("llama-v1", "rope_scaling", yarn("truncate", 0), "rope_scaling.truncate", "true or false"),
    Case("llama-v1", "rope_scaling", yarn("truncate", .null), "rope_scaling.truncate", "true or false"),
    Case(
      "llama-v1", "rope_scaling", yarn("original_max_position_embeddings", .number("0.5")),
      "rope_scaling.original_max_position_embeddings", "a whole number"),
    Case(
      "llama-v1", "rope_scaling", yarn("original_max_position_embeddings", .number("1e300")),
      "rope_scaling.original_max_position_embeddings", "a whole number"),
    Case("llama-v1", "rope_scaling", yarn("rope_theta", 1), "rope_theta", "1.0 must exceed 1"),
    Case(
      "llama-v1", "rope_parameters", ["full_attention": ["rope_type": "default"], "sliding_attention": [:]],
      "rope_parameters.full_attention", "each type of layer"),
    Case("llama-v1", "rope_parameters", ["rope_type": "default", "factor": 2], "rope_parameters.factor", "'default'"),
    Case(
      "llama-v1", "rope_scaling", ["type": "linear", "factor": 2, "beta_fast": 32], "rope_scaling.beta_fast",
      "a rotary embedding of the type 'linear' has no such setting; it has factor"),
    Case(
      "llama-v1", "rope_scaling", ["type": "dynamic", "factor": 2, "alpha": 1000], "rope_scaling.alpha", "'dynamic'"),
    Case(
      "llama-v1", "rope_scaling", yarn("attn_factor", 1), "rope_scaling.attn_factor", "it has factor, attention"),
    Case("llama-v1", "rope_scaling", ["mrope_section": [16, 24, 24]], "rope_scaling.mrope_section", "no such setting"),
    Case("llama-v1", "rope_scaling", ["two\nlines": 1], "rope_scaling.two\\nlines", "no such setting"),
    Case(
      "llama-v1", "rope_scaling",
      [
        "rope_type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 4,
        "original_max_position_embeddings": 64,
      ], "rope_scaling.high_freq_factor", "must exceed"),
    Case("llama-v1", "partial_rotary_factor", .number("0.5"), "partial_rotary_factor", "0.5", "supported: 1"),
    Case(
      "llama-v1", "rope_parameters", ["rope_type": "default", "partial_rotary_factor": "half"],
      "rope_parameters.partial_rotary_factor", "supported: 1"),
  ]

  @Test("Cases 29, 30 and 31: a field that is wrong or not supported is named", arguments: cases)
  func invalidFieldIsNamed(_ wrong: Case) throws {
    let model = try TemporaryModel(copying: wrong.model)
    try model.set(wrong.field, wrong.value)
    let error = try thrown(ModelError.self) { try model.load() }
    #expect(error.failureKind == .badData)
    for name in ["config.json"] + wrong.names {
      #expect(error.description.contains(name), "'\(error)' does not name '\(name)'")
    }
    #expect(!error.description.contains("\n"))
  }

  @Test(
    "Case 34b: an architecture that is not supported; those that are", arguments: [JSON?.none, "gpt2", "", "Llama"])
  func unsupportedArchitectureListsTheSupported(_ type: JSON?) throws {
    let model = try TemporaryModel(copying: "llama-v1")
    try model.set("model_type", type)
    let error = try thrown(ModelError.self) { try model.load() }
    #expect(error.failureKind == .badData)
    let name = type?.text ?? ""
    let problem = name.isEmpty ? "it is missing" : "'\(name)' is not supported"
    #expect(error.description.hasPrefix("\(model.path)/config.json: model_type: \(problem); supported are "))
    for architecture in ModelDirectory.Architecture.allCases {
      #expect(error.description.contains(architecture.rawValue))
    }
  }

  @Test(arguments: ["", "[]", "{\"model_type\": \"llama\",", "{\"hidden_size\": 1, \"hidden_\\u0073ize\": 2}"])
  func configurationThatIsNoObject(_ text: String) throws {
    let model = try TemporaryModel(copying: "llama-v1")
    try model.write("config.json", text)
    let error = try thrown(ModelError.self) { try model.load() }
    #expect(error.failureKind == .badData)
    #expect(error.description.contains("config.json"))
  }

  @Test func missingFilesAreNoInput() throws {
    let nowhere = try thrown(ModelError.self) { try ModelDirectory(path: "/nonexistent/model") }
    #expect(nowhere.failureKind == .noInput)
    #expect(nowhere.description.contains("/nonexistent/model"))

    let model = try TemporaryModel(copying: "llama-v1")
    let file = try thrown(ModelError.self) {
      try ModelDirectory(path: Path.join(model.path, "config.json"))
    }
    #expect(file.failureKind == .noInput)

    try model.remove("model.safetensors")
    let weights = try thrown(ModelError.self) { try ModelDirectory(path: model.path) }
    #expect(weights.failureKind == .noInput)
    #expect(weights.description.contains("model.safetensors"))

    try model.remove("config.json")
    let configuration = try thrown(ModelError.self) { try ModelDirectory(path: model.path) }
    #expect(configuration.failureKind == .noInput)
    #expect(configuration.description.contains("config.json"))
  }

  @Test(
    "Case 32: a shape that is not the configuration's",
    arguments: [
      ("llama-v1", "intermediate_size", 57, "model.layers.0.mlp.gate_proj.weight", "[57, 64]", "[56, 64]"),
      ("llama-v1", "vocab_size", 511, "model.embed_tokens.weight", "[511, 64]", "[512, 64]"),
      ("llama-v1", "hidden_size", 16_777_216, "model.embed_tokens.weight", "[512, 16777216]", "[512, 64]"),
      ("llama-v1", "num_key_value_heads", 2, "model.layers.0.self_attn.k_proj.weight", "[32, 64]", "[64, 64]"),
      ("llama3-gqa", "head_dim", 16, "model.layers.0.self_attn.q_proj.weight", "[128, 64]", "[64, 64]"),
      ("opt-125m", "max_position_embeddings", 64, "model.decoder.embed_positions.weight", "[66, 64]", "[130, 64]"),
      ("opt-125m", "word_embed_proj_dim", 32, "model.decoder.embed_tokens.weight", "[512, 32]", "[512, 64]"),
    ])
  func shapesThatDoNotMatchTheConfiguration(
    _ name: String, _ field: String, _ value: Int, _ tensor: String, _ expected: String, _ found: String
  ) throws {
    let model = try TemporaryModel(copying: name)
    try model.set(field, JSON(value))
    let error = try thrown(ModelError.self) { try model.load() }
    for part in ["'\(tensor)'", expected, found] { #expect(error.description.contains(part), "\(error)") }
    #expect(error.failureKind == .badData)
  }

  @Test("Case 32: more blocks than weights") func moreLayersThanWeights() throws {
    let model = try TemporaryModel(copying: "llama-v1")
    try model.set("num_hidden_layers", 65536)
    let error = try thrown(ModelError.self) { try model.load() }
    #expect(error.description.contains("'model.layers.4.input_layernorm.weight'"))
  }

  @Test("Case 33: lm_head is missing though it is not tied") func headIsMissingWhileUntied() throws {
    let model = try TemporaryModel(copying: "llama-v1")
    try model.change { $0.removeAll { $0.name == "lm_head.weight" } }
    let error = try thrown(ModelError.self) { try model.load() }
    #expect(error.description.contains("there is no tensor 'lm_head.weight'"))
    try model.set("tie_word_embeddings", true)
    #expect(try model.load().head.widened() == RandomModelTests.load("llama-v1").embeddingTable)
  }

  @Test(
    "Case 34: a weight that is NaN or infinite",
    arguments: [
      ("llama-v1", "lm_head.weight", 4 * 777, [0, 0, 0xC0, 0x7F], 777),
      ("llama-v1", "model.embed_tokens.weight", 0, [0, 0, 0x80, 0xFF], 0),
      ("llama-v1", "model.layers.2.mlp.down_proj.weight", 4 * 3583, [0, 0, 0x80, 0x7F], 3583),
      ("llama-v1", "model.layers.3.input_layernorm.weight", 4 * 63, [0, 0, 0x80, 0x7F], 63),
      ("opt-125m", "model.decoder.layers.1.fc1.weight", 2 * 5000, [0x00, 0x7E], 5000),
      ("opt-125m", "model.decoder.layers.1.fc1.bias", 2 * 7, [0x00, 0xFC], 7),
      ("opt-350m", "model.decoder.project_in.weight", 2 * 100, [0x01, 0x7C], 100),
    ] as [(String, String, Int, [UInt8], Int)])
  func numbersThatAreNotFinite(
    _ name: String, _ tensor: String, _ offset: Int, _ bytes: [UInt8], _ index: Int
  ) throws {
    let model = try TemporaryModel(copying: name)
    try model.change(tensor) { $0.bytes.replaceSubrange(offset..<offset + bytes.count, with: bytes) }
    let error = try thrown(ModelError.self) { try model.load() }
    let file = Path.join(model.path, "model.safetensors")
    #expect(error == .nonFiniteWeight(file: file, tensor: tensor, index: index))
    #expect(error.description.hasPrefix("\(file): tensor '\(tensor)': element \(index) is NaN or infinite"))
    #expect(error.failureKind == .badData)
  }

  @Test func scalingIsNotIgnored() throws {
    let tokens = randomTokens(2, 32, below: 512)
    let model = try TemporaryModel(copying: "llama-v1")
    let plain = try model.load().logits(of: tokens)
    func logits(_ field: String, _ value: JSON) throws -> [Float] {
      let model = try TemporaryModel(copying: "llama-v1")
      try model.set(field, value)
      return try model.load().logits(of: tokens)
    }
    let linear = try logits("rope_scaling", ["rope_type": "linear", "factor": 4])
    #expect(largestDifference(linear, plain) > 1e-3)
    #expect(try logits("rope_scaling", ["type": "linear", "factor": .number("4.0")]) == linear)
    #expect(try logits("rope_parameters", ["rope_type": "linear", "factor": 4, "rope_theta": 10000]) == linear)
    #expect(try logits("rope_scaling", ["rope_type": "default"]) == plain)
    #expect(try logits("rope_scaling", [:]) == plain)
    #expect(try logits("rope_scaling", ["rope_type": "dynamic", "factor": 4]) == plain)
    #expect(try logits("rope_scaling", ["type": "default", "finetuned": true, "mrope_section": .null]) == plain)

    let yarn = try logits("rope_scaling", ["type": "yarn", "factor": 4, "original_max_position_embeddings": 16])
    #expect(largestDifference(yarn, plain) > 1e-3 && largestDifference(yarn, linear) > 1e-3)
    let beside = try logits("rope_scaling", ["rope_type": "yarn", "type": "linear", "factor": 4])
    #expect(try logits("rope_parameters", ["rope_type": "yarn", "factor": 4]) == beside)
    #expect(largestDifference(yarn, beside) > 1e-3)

    let theta = try logits("rope_theta", 500)
    #expect(largestDifference(theta, plain) > 1e-3)
    #expect(try logits("rope_parameters", ["rope_theta": 500]) == theta)
    #expect(try logits("rope_parameters", ["rope_theta": 500, "rope_type": "default"]) == theta)
  }

  @Test func explicitHeadDimension() throws {
    let tokens = randomTokens(2, 24, below: 512)
    let model = try TemporaryModel(copying: "llama3-gqa")
    let implicit = try model.load().logits(of: tokens)
    try model.set("head_dim", 8)
    #expect(try model.load().logits(of: tokens) == implicit)

    // Two of four heads, taken away once by making their outputs count for nothing and once by leaving out their rows.
    let silenced = try TemporaryModel(copying: "llama-v1")
    let reduced = try TemporaryModel(copying: "llama-v1")
    try reduced.set("num_attention_heads", 2)
    try reduced.set("head_dim", 16)
    for layer in 0..<4 {
      let name = "model.layers.\(layer).self_attn"
      try silenced.change("\(name).o_proj.weight") { tensor in
        let kept = tensor.floats.enumerated().map { $0 % 64 < 32 ? $1 : 0 }
        tensor = TemporaryModel.Tensor(tensor.name, [64, 64], kept)
      }
      try reduced.change("\(name).o_proj.weight") { tensor in
        let kept = tensor.floats.enumerated().filter { $0.offset % 64 < 32 }.map(\.element)
        tensor = TemporaryModel.Tensor(tensor.name, [64, 32], kept)
      }
      for projection in ["q_proj", "k_proj", "v_proj"] {
        try reduced.change("\(name).\(projection).weight") { tensor in
          tensor = TemporaryModel.Tensor(tensor.name, [32, 64], Array(tensor.floats.prefix(32 * 64)))
        }
      }
    }
    let expected = try silenced.load().logits(of: tokens)
    #expect(try largestDifference(reduced.load().logits(of: tokens), expected) < 1e-5)
    #expect(try largestDifference(TemporaryModel(copying: "llama-v1").load().logits(of: tokens), expected) > 1e-3)
  }
}

extension CausalLM {
  /// The embedding table of a LLaMA, read off its embeddings.
  var embeddingTable: Matrix { embed(TokenBatch(tokens: Array(0..<vocabularySize), length: vocabularySize)) }
}
