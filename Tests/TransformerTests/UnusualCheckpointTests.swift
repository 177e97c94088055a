import Support
import Tensor
import TestSupport
import Testing
import Transformer

/// Checkpoints as people have them: what counts is what transformers takes, and nothing is left out in silence.
@Suite struct UnusualCheckpointTests {
  static let embedding = "model.embed_tokens.weight"
  static let head = "lm_head.weight"
  static let tokens = randomTokens(1, 9, below: 512)

  /// The logits of a model, and the notes of its directory.
  static func read(_ model: TemporaryModel) throws -> (logits: [Float], notes: [String]) {
    let directory = try ModelDirectory(path: model.path)
    return (try directory.loadModel().logits(of: tokens), directory.notes)
  }

  /// The LLaMA fixture, its head tied or not, with its tensors changed.
  static func llama(
    tied: Bool, _ change: (inout [TemporaryModel.Tensor]) throws -> Void = { _ in }
  ) throws -> TemporaryModel {
    let model = try TemporaryModel(copying: "llama-v1")
    try model.set("tie_word_embeddings", JSON(tied))
    try model.change(change)
    return model
  }

  @Test("Where the tied flag and a head of its own contradict each other, the stored head counts, with a note")
  func tiedFlagAndOwnHead() throws {
    let untied = try Self.read(Self.llama(tied: false))
    let tied = try Self.read(Self.llama(tied: true))
    #expect(untied.logits == tied.logits)
    #expect(untied.notes.isEmpty)
    #expect(tied.notes.count == 1)
    #expect(tied.notes.first?.contains("the stored head counts") == true)
  }

  @Test("A head that is stored and is the embedding is one table; only one of the two need be stored")
  func tiedTables() throws {
    func tied(embedding isStored: Bool, head hasHead: Bool) throws -> TemporaryModel {
      try Self.llama(tied: true) { tensors in
        let table = try #require(tensors.first { $0.name == Self.embedding })
        if !isStored { tensors.removeAll { $0.name == Self.embedding } }
        tensors.removeAll { $0.name == Self.head }
        if hasHead {
          tensors.append(
            TemporaryModel.Tensor(name: Self.head, type: table.type, shape: table.shape, bytes: table.bytes))
        }
      }
    }
    let both = try tied(embedding: true, head: true)
    let found = try Self.read(both)
    #expect(found.notes.isEmpty)
    for isStored in [true, false] {
      let one = try tied(embedding: isStored, head: !isStored)
      #expect(try Self.read(one).logits == found.logits)
      #expect(try Self.read(one).notes.isEmpty)
      #expect(try one.load().parameterCount == both.load().parameterCount)
    }
  }

  @Test("OPT, too, may store its head only, and a file may lack the outer name of the decoder")
  func otherNames() throws {
    let expected = try Self.read(TemporaryModel(copying: "opt-125m"))
    let opt = try TemporaryModel(copying: "opt-125m")
    try opt.change { tensors in
      tensors.removeAll { $0.name == Self.head }
      for index in tensors.indices where tensors[index].name == "model.decoder.embed_tokens.weight" {
        tensors[index].name = Self.head
      }
    }
    #expect(try Self.read(opt).logits == expected.logits)

    let llama = try Self.llama(tied: true) { tensors in tensors.removeAll { $0.name == Self.head } }
    let whole = try Self.read(llama)
    try llama.change { tensors in
      for index in tensors.indices { tensors[index].name = String(tensors[index].name.dropFirst("model.".count)) }
    }
    #expect(try Self.read(llama).logits == whole.logits)
  }

  @Test("model.safetensors counts before an index, whatever the index lists")
  func singleFileBesideIndex() throws {
    let model = try TemporaryModel(copying: "llama-v1")
    let expected = try Self.read(model)
    try model.write("model.safetensors.index.json", "{\"weight_map\": {\"a\": \"model-00001-of-00002.safetensors\"}}")
    let found = try Self.read(model)
    #expect(found.logits == expected.logits)
    #expect(found.notes.count == 1)
    #expect(found.notes.first?.contains("model.safetensors.index.json: it is not read") == true)
    #expect(try ModelDirectory(path: model.path).checkpoint.fileNames == ["model.safetensors"])
  }

  @Test("Shards without an index are read where none is missing")
  func shardsWithoutIndex() throws {
    let model = try TemporaryModel(copying: "llama3-gqa")
    let expected = try Self.read(model)
    try model.remove("model.safetensors.index.json")
    let found = try Self.read(model)
    #expect(found.logits == expected.logits)
    #expect(found.notes.first?.contains("there is no model.safetensors.index.json") == true)
    try model.remove("model-00002-of-00004.safetensors")
    let error = try thrown(ModelError.self) { try ModelDirectory(path: model.path) }
    #expect(error.description.contains("3 of 4 shards are there"))
    #expect(error.failureKind == .noInput)
  }

  @Test(
    "A tensor that would change what is read is refused by its name",
    arguments: [
      "model.layers.0.self_attn.q_proj.bias", "model.layers.1.self_attn.q_norm.weight",
      "model.layers.2.mlp.down_proj.lora_A.weight", "model.layers.3.mlp.up_proj.qweight", "model.norm.bias",
      "lm_head.bias", "model.embed_tokens.lora_embedding_A",
    ])
  func unexpectedTensor(name: String) throws {
    let model = try Self.llama(tied: false) { $0.append(TemporaryModel.Tensor(name, [2], [1, 2])) }
    let error = try thrown(ModelError.self) { try ModelDirectory(path: model.path) }
    #expect(error.description.contains("tensor '\(name)'"))
    #expect(error.failureKind == .badData)
  }

  @Test("What is beside the model is named in one note: further blocks, other heads, computed frequencies")
  func unreadTensors() throws {
    let model = try Self.llama(tied: false) { tensors in
      for name in [
        "model.layers.4.self_attn.q_proj.weight", "model.layers.4.mlp.up_proj.weight", "score.weight",
        "model.layers.0.self_attn.rotary_emb.inv_freq", "model.layers.1.self_attn.rotary_emb.inv_freq",
      ] { tensors.append(TemporaryModel.Tensor(name, [2], [1, 2])) }
    }
    let found = try Self.read(model)
    #expect(try found.logits == Self.read(Self.llama(tied: false)).logits)
    let note = try #require(found.notes.first)
    #expect(found.notes.count == 1)
    #expect(
      note.hasSuffix("model.layers.*.self_attn.rotary_emb.inv_freq (2), model.layers.4 (2), score.weight"), "\(note)")
    let plain = try Self.llama(tied: false)
    let bytes = try [model, plain].map { try ModelDirectory(path: $0.path).shape.weightBytes }
    #expect(bytes[0] == bytes[1])
  }

  @Test(
    "Where no weights can be read, the message names what is there and what to do",
    arguments: [
      ("pytorch_model.bin", "there is pytorch_model.bin", "save_pretrained"),
      ("model-q4_0.gguf", "there is model-q4_0.gguf", "gguf_file='model-q4_0.gguf'"),
      ("adapter_model.safetensors", "an adapter", "merge"),
      ("weights.safetensors", "there is weights.safetensors", "rename"),
      ("notes.txt", "there is neither model.safetensors nor", "index.json"),
    ])
  func otherWeights(name: String, found: String, remedy: String) throws {
    let model = try TemporaryModel(copying: "llama-v1")
    for name in ["model.safetensors", "expected.safetensors"] { try model.remove(name) }
    try model.write(name, "x")
    let error = try thrown(ModelError.self) { try ModelDirectory(path: model.path) }
    #expect(error.failureKind == .noInput)
    #expect(error.description.contains(found) && error.description.contains(remedy), "\(error)")
  }

  @Test("Names with something in front are answered with what to take off", arguments: ["_orig_mod.", "module."])
  func wrappedNames(prefix: String) throws {
    let model = try Self.llama(tied: false) { tensors in
      for index in tensors.indices { tensors[index].name = prefix + tensors[index].name }
    }
    let error = try thrown(ModelError.self) { try ModelDirectory(path: model.path) }
    #expect(error.description.contains("take '\(prefix)' off the names"), "\(error)")
  }

  @Test(
    "Other programs' forms are named, not the tensor that is missing for them",
    arguments: [
      ("self_attn.q_proj.weight", "self_attn.q_proj.qweight", "the weights are quantised; dequantise them first"),
      ("mlp.up_proj.weight", "mlp.up_proj.weight_packed", "the weights are quantised"),
      ("self_attn.k_proj.weight", "self_attn.qkv_proj.weight", "several linears are fused into one"),
      ("mlp.down_proj.weight", "mlp.down_proj.lora_A.weight", "this is an adapter"),
    ])
  func foreignForms(name: String, found: String, meaning: String) throws {
    let model = try Self.llama(tied: false) { tensors in
      for index in tensors.indices where tensors[index].name.hasSuffix(name) {
        tensors[index].name = tensors[index].name.dropLast(name.count) + found
      }
    }
    let error = try thrown(ModelError.self) { try ModelDirectory(path: model.path) }
    #expect(error.description.contains("\(found)': \(meaning)"), "\(error)")
    #expect(error.failureKind == .badData)
  }

  @Test("The text model of a larger one is named, and a folder that is only an adapter")
  func parts() throws {
    let model = try Self.llama(tied: false) { tensors in
      for index in tensors.indices where tensors[index].name.hasPrefix("model.") {
        tensors[index].name = "model.language_model." + tensors[index].name.dropFirst("model.".count)
      }
    }
    let error = try thrown(ModelError.self) { try ModelDirectory(path: model.path) }
    #expect(error.description.contains("take 'language_model.' off the names"), "\(error)")
    let adapter = try Self.llama(tied: false)
    try adapter.remove("config.json")
    try adapter.write("adapter_config.json", #"{"peft_type": "LORA"}"#)
    let other = try thrown(ModelError.self) { try ModelDirectory(path: adapter.path) }
    #expect(other.description.contains("this is an adapter: merge it into its base model first"), "\(other)")
    #expect(other.failureKind == .noInput)
  }

  @Test("swish is silu by another name")
  func swish() throws {
    let model = try Self.llama(tied: false)
    let expected = try Self.read(model)
    try model.set("hidden_act", "swish")
    #expect(try Self.read(model).logits == expected.logits)
  }

  @Test("A classifier is no language model")
  func classifier() throws {
    let model = try Self.llama(tied: false) { tensors in
      tensors.removeAll { $0.name == Self.head }
      tensors.append(TemporaryModel.Tensor("score.weight", [2, 64], Array(repeating: 0, count: 128)))
    }
    let error = try thrown(ModelError.self) { try ModelDirectory(path: model.path) }
    #expect(
      error.description.contains("this is the head of a classifier; a language model has lm_head.weight"), "\(error)")
  }

  @Test("An adapter beside a complete model is not applied, and a note says so")
  func adapterBesideModel() throws {
    let model = try Self.llama(tied: false)
    let expected = try Self.read(model)
    try model.write("adapter_config.json", #"{"peft_type": "LORA"}"#)
    let found = try Self.read(model)
    #expect(found.logits == expected.logits)
    #expect(found.notes.contains { $0.contains("the adapter of adapter_config.json is not applied") })
  }

  @Test(
    "A configuration that asks for something else, or does not say what it is, is refused by the key",
    arguments: [
      ("sparsity_config", ["format": "sparse-bitmask"], "sparsity_config: "),
      ("compression_config", ["format": "sparse-24"], "compression_config: "),
      ("model_type", nil, "model_type: it is missing"),
      ("quantization", ["bits": 4, "group_size": 64], "quantization: the weights are quantised"),
      ("is_causal", false, "is_causal: false is not supported"),
      ("use_bidirectional_attention", true, "use_bidirectional_attention: true is not supported"),
    ] as [(String, JSON?, String)])
  func configurationKeys(key: String, value: JSON?, reason: String) throws {
    let model = try Self.llama(tied: false)
    try model.set(key, value)
    let error = try thrown(ModelError.self) { try ModelDirectory(path: model.path) }
    #expect(error.description.contains(reason), "\(error)")
  }

  @Test("A byte order mark in front of a configuration is named")
  func byteOrderMark() throws {
    let model = try Self.llama(tied: false)
    try model.write("config.json", "\u{FEFF}{}")
    let error = try thrown(ModelError.self) { try ModelDirectory(path: model.path) }
    #expect(error.description.contains("it begins with a byte order mark"), "\(error)")
  }
}
