import Support
import Tensor
import TestSupport
import Testing
import Transformer

/// The registry, the table of every architecture, and those that have LLaMA's blocks.
@Suite struct ArchitectureTests {
  /// A fixture under another name, with the head of its own that it has.
  private func renamed(_ name: String, _ type: String, _ fields: [(String, JSON?)] = []) throws -> TemporaryModel {
    let model = try TemporaryModel(copying: name)
    try model.set("model_type", JSON(type))
    for (field, value) in fields { try model.set(field, value) }
    return model
  }

  @Test func registryNamesEveryArchitecture() throws {
    let names = ModelDirectory.Architecture.allCases.map(\.rawValue)
    #expect(names == ["llama", "mistral", "qwen2", "qwen3", "opt"])
    for name in names { #expect(ModelDirectory.Architecture(rawValue: name)?.rawValue == name) }
    #expect(ModelDirectory.Architecture(rawValue: "gpt2") == nil)
    let model = try renamed("llama-v1", "gpt2")
    let error = try thrown(ModelError.self) { try model.load() }
    let reason = "model_type: 'gpt2' is not supported; supported are llama, mistral, qwen2, qwen3 and opt"
    #expect(error.description == "\(model.path)/config.json: \(reason)")
    #expect(try ModelDirectory(path: Fixtures.path("random-models/qwen2")).architecture == .qwen2)
  }

  @Test(arguments: RandomModelTests.models)
  func shapeIsThatOfTheLoadedModel(_ name: String) throws {
    let directory = try ModelDirectory(path: Fixtures.path("random-models/\(name)"))
    let model = try directory.loadModel()
    let shape = directory.shape
    #expect(shape.blockCount == model.blocks.count)
    #expect(shape.embeddingSize == model.head.columns)
    #expect(directory.linearNames == model.blocks.map { block in block.roles.map { block[$0].name } })
    var hidden = model.embed(randomTokens(2, 5, below: 512))
    for block in model.blocks {
      let weights = block.roles.map { block[$0].weight }
      #expect(shape.linears.map(\.outputs) == weights.map(\.rows))
      #expect(shape.linears.map(\.inputs) == weights.map(\.columns))
      #expect(block[.key].weight.rows == shape.attention.keyValueHeads * shape.attention.headDimension)
      var products: [[LinearRole]] = []
      var columns: [Int] = []
      block.apply(to: &hidden, sequences: 2) { inputs, roles in
        products.append(roles)
        columns.append(inputs.columns)
      }
      #expect(products.flatMap { $0 } == block.roles, "those that share their inputs stand beside one another")
      #expect(shape.inputSizes == columns)
      #expect(
        shape.products.map(\.outputs) == products.map { $0.reduce(0) { $0 + block[$1].weight.rows } })
    }
  }

  @Test(arguments: [
    ("llama3-gqa", [64, 64, 16, 16, 112, 112]), ("opt-350m", [64, 64, 64, 64, 160]),
    ("mistral", [16, 24, 6, 6, 40, 40, 24]), ("qwen2", [24, 24, 12, 12, 40, 40]),
    ("qwen3", [16, 32, 16, 16, 40, 40, 32]),
  ])
  func columnsThatABlockAllocates(_ name: String, _ columns: [Int]) throws {
    #expect(try ModelDirectory(path: Fixtures.path("random-models/\(name)")).shape.blockColumns == columns)
  }

  @Test func mistralIsLlamaWithoutBiases() throws {
    let tokens = randomTokens(2, 40, below: 512)
    let llama = try TemporaryModel(copying: "llama3-gqa").load()
    let mistral = try renamed("llama3-gqa", "mistral", [("sliding_window", .null), ("attention_bias", true)]).load()
    #expect(mistral.logits(of: tokens) == llama.logits(of: tokens))
    #expect(mistral.parameterCount == llama.parameterCount)
    #expect(mistral.maximumPositions == 1024)
  }

  @Test func qwen2IsLlamaWithBiasesOfQueryKeyAndValue() throws {
    let tokens = randomTokens(2, 40, below: 512)
    let llama = try BiasTests.biased(attention: true, mlp: false)
    let biased = try llama.load().logits(of: tokens)
    try llama.change { tensors in
      for i in tensors.indices where tensors[i].name.hasSuffix("o_proj.bias") {
        tensors[i].bytes = [UInt8](repeating: 0, count: tensors[i].bytes.count)
      }
    }
    let expected = try llama.load().logits(of: tokens)
    #expect(largestDifference(biased, expected) > 1e-3)

    try llama.set("model_type", "qwen2")
    try llama.set("attention_bias", nil)
    try llama.set("num_key_value_heads", 4)
    #expect(throws: ModelError.self, "a bias that Qwen2 does not have") { try llama.load() }
    try llama.change { $0.removeAll { $0.name.hasSuffix("o_proj.bias") } }
    let qwen2 = try llama.load()
    #expect(qwen2.logits(of: tokens) == expected)
    for block in qwen2.blocks {
      #expect(block.roles.filter { block[$0].bias != nil } == [.query, .key, .value])
    }
  }

  @Test(arguments: ["q_proj", "k_proj", "v_proj"])
  func biasesThatQwen2NeedsMustBeThere(_ module: String) throws {
    let model = try TemporaryModel(copying: "qwen2")
    try model.change { $0.removeAll { $0.name == "model.layers.1.self_attn.\(module).bias" } }
    let error = try thrown(ModelError.self) { try model.load() }
    #expect(error.description.contains("there is no tensor 'model.layers.1.self_attn.\(module).bias'"))
  }

  @Test func qwen2HonoursTiedEmbeddings() throws {
    let model = try TemporaryModel(copying: "qwen2")
    #expect(try model.load().head.widened() == model.load().embeddingTable)
    for value in [JSON(false), nil] {
      try model.set("tie_word_embeddings", value)
      let error = try thrown(ModelError.self) { try model.load() }
      #expect(error.description.contains("there is no tensor 'lm_head.weight'"))
    }
  }

  /// A window that is absent is one of 4,096 tokens, as in transformers; null is none.
  @Test(
    arguments: [
      (64, 128, 64), (128, 128, 128), (4096, 128, 128), (.null, 8192, 8192), (nil, 8192, 4096), (nil, 128, 128),
      (nil, nil, 4096), (.null, nil, 131_072), (1, 128, 1),
    ] as [(JSON?, JSON?, Int)])
  func windowOfMistralLimitsTheLength(_ window: JSON?, _ positions: JSON?, _ expected: Int) throws {
    let model = try TemporaryModel(copying: "mistral")
    try model.set("sliding_window", window)
    try model.set("max_position_embeddings", positions)
    #expect(try ModelDirectory(path: model.path).maximumPositions == expected)
    #expect(try model.load().maximumPositions == expected)
  }

  @Test(
    arguments: ["qwen2", "qwen3"],
    [
      ([("use_sliding_window", false)], 128), ([("use_sliding_window", nil)], 128),
      ([("use_sliding_window", nil), ("sliding_window", "none")], 128),
      ([("max_window_layers", 0)], 64), ([("max_window_layers", 1)], 64), ([("max_window_layers", 2)], 128),
      ([("max_window_layers", nil)], 128), ([("sliding_window", .null)], 128),
      ([("layer_types", ["full_attention", "full_attention"])], 128),
      ([("layer_types", ["full_attention", "sliding_attention"]), ("max_window_layers", 2)], 64),
      ([("max_position_embeddings", nil), ("use_sliding_window", nil)], 32_768),
    ] as [([(String, JSON?)], Int)])
  func windowOfQwenLimitsTheLengthWhereABlockHasOne(
    _ name: String, _ change: (fields: [(String, JSON?)], expected: Int)
  ) throws {
    let model = try renamed(name, name, change.fields)
    #expect(try ModelDirectory(path: model.path).maximumPositions == change.expected)
  }

  @Test(arguments: ["q_norm", "k_norm"])
  func normsOfHeadsThatQwen3NeedsMustBeThere(_ module: String) throws {
    let model = try TemporaryModel(copying: "qwen3-yarn")
    let weight = "model.layers.1.self_attn.\(module).weight"
    try model.change(weight) { $0 = TemporaryModel.Tensor($0.name, [4], [1, 1, 1, 1]) }
    let misshapen = try thrown(ModelError.self) { try model.load() }
    for part in [weight, "[8]", "[4]"] { #expect(misshapen.description.contains(part), "\(misshapen)") }
    try model.change { $0.removeAll { $0.name == weight } }
    let missing = try thrown(ModelError.self) { try model.load() }
    #expect(missing.description.contains("there is no tensor '\(weight)'"))
  }

  /// A norm takes back what makes a head longer, which in LLaMA would make its attention sharper.
  @Test(arguments: ["q_proj", "k_proj"])
  func lengthsOfHeadsDoNotCountInQwen3(_ module: String) throws {
    func logits(_ type: String, isLonger: Bool) throws -> [Float] {
      let model = try TemporaryModel(copying: "qwen3-yarn")
      try model.set("model_type", JSON(type))
      try model.change { tensors in
        if type == "llama" { tensors.removeAll { $0.name.contains("self_attn") && $0.name.contains("_norm") } }
        for t in tensors.indices where isLonger && tensors[t].name.contains("layers.0.self_attn.\(module).") {
          // A number of BF16 is multiplied by 256: 8 is added to its exponent, whose lowest bit is in the other byte.
          for i in stride(from: 1, to: tensors[t].bytes.count, by: 2) { tensors[t].bytes[i] += 4 }
        }
      }
      return try model.load().logits(of: randomTokens(2, 40, below: 512))
    }
    // What is left of a difference is the norm's epsilon.
    #expect(try largestDifference(logits("qwen3", isLonger: true), logits("qwen3", isLonger: false)) < 1e-3)
    #expect(try largestDifference(logits("llama", isLonger: true), logits("llama", isLonger: false)) > 0.1)
  }

  @Test func headsOfQwen3Have128ColumnsWhereNothingIsSaid() throws {
    for value in [nil, JSON.null] {
      let model = try renamed("qwen3", "qwen3", [("head_dim", value), ("num_attention_heads", 6)])
      let error = try thrown(ModelError.self) { try model.load() }
      for part in ["self_attn.q_norm.weight", "[128]", "[8]"] { #expect(error.description.contains(part), "\(error)") }
    }
  }

  @Test func qwen3HasBiasesWhereItsConfigurationSaysSo() throws {
    for block in try RandomModelTests.load("qwen3-yarn").blocks {
      #expect(block.roles.filter { block[$0].bias != nil } == [.query, .key, .value, .output])
    }
    for block in try RandomModelTests.load("qwen3").blocks {
      #expect(block.roles.filter { block[$0].bias != nil } == [])
    }
  }

  static let range = "a whole number from 1 to"
  static let refused: [ConfigurationTests.Case] = [
    .init("mistral", "sliding_window", 0, "sliding_window", range),
    .init("mistral", "sliding_window", "64", "sliding_window", range),
    .init("mistral", "num_key_value_heads", nil, "num_key_value_heads", "8 does not divide the 4 attention heads"),
    .init("mistral", "hidden_act", "gelu", "hidden_act", "'gelu'", "supported: silu"),
    .init("mistral", "rope_scaling", ["type": "longrope", "factor": 4], "rope_scaling.type", "'longrope'"),
    .init("qwen2", "num_key_value_heads", nil, "num_key_value_heads", "32 does not divide the 4 attention heads"),
    .init("qwen2", "use_sliding_window", 1, "use_sliding_window", "true or false"),
    .init("qwen2", "sliding_window", 0, "sliding_window", range),
    .init("qwen2", "max_window_layers", -1, "max_window_layers", "of at least 0"),
    .init("qwen2", "layer_types", "full_attention", "layer_types", "an array"),
    .init(
      "qwen2", "layer_types", ["full_attention", "chunked_attention"], "layer_types", "'chunked_attention'",
      "supported: full_attention, sliding_attention"),
    .init("qwen2", "layer_types", [1, 2], "layer_types", "a number", "sliding_attention"),
    .init("qwen3", "num_key_value_heads", nil, "num_key_value_heads", "32 does not divide the 4 attention heads"),
    .init("qwen3", "head_dim", 7, "head_dim", "7 is odd"),
    .init("qwen3", "attention_bias", "no", "attention_bias", "true or false"),
    .init("qwen3", "use_sliding_window", 1, "use_sliding_window", "true or false"),
    .init("qwen3", "sliding_window", 0, "sliding_window", range),
    .init("qwen3", "max_window_layers", -1, "max_window_layers", "of at least 0"),
    .init("qwen3", "layer_types", ["full_attention", "chunked_attention"], "layer_types", "'chunked_attention'"),
    .init("qwen3", "rope_scaling", ["type": "su", "factor": 4], "rope_scaling.type", "'su'"),
  ]

  @Test(arguments: refused)
  func fieldsThatAreRefused(_ wrong: ConfigurationTests.Case) throws {
    try ConfigurationTests().invalidFieldIsNamed(wrong)
  }

  /// Rows of 64 tokens are as long as the window, of which PyTorch's attention used all, or as the longest text that the
  /// rotary embedding is for.
  @Test(
    arguments: ["mistral", "qwen2", "qwen3", "qwen3-yarn", "llama-dynamic", "llama-yarn", "llama-yarn-mscale"])
  func lossOverAsManyTokensAsThereMayBeIsPyTorchs(_ name: String) throws {
    let model = try RandomModelTests.load(name)
    guard case .rows(let tokens) = try TokenFile(path: Fixtures.path("ids/calib.safetensors")) else { return }
    #expect(model.maximumPositions == tokens.length)
    let json = try Fixtures.json(Fixtures.path("random-models/\(name)/expected.json"))
    let wanted = try #require(json["calib_mean_nll"]?.double)
    #expect(abs(model.perplexity(tokens).meanNLL - wanted) <= 1e-5)
  }
}
