import Foundation
import Support
import TestSupport
import Testing
import Transformer

/// Keys of `config.json` that are no sizes: what changes the numbers is refused, what is not known is named.
@Suite struct ConfigurationKeyTests {
  static let refused: [(String, JSON)] = [
    ("attention_multiplier", .number("0.0078125")), ("embedding_multiplier", 12),
    ("residual_multiplier", .number("0.22")),
    ("logits_scaling", 8), ("final_logit_softcapping", 30), ("attn_logit_softcapping", 50),
    ("no_rope_layers", [1, 1, 1, 0]), ("use_qk_norm", true), ("clip_qkv", 8), ("num_local_experts", 8),
    ("layer_types", ["full_attention", "chunked_attention"]), ("parallel_attn", true),
  ]

  @Test("A key that changes the numbers and is not implemented is refused by its name", arguments: refused)
  func changing(key: String, value: JSON) throws {
    let model = try TemporaryModel(copying: "llama-v1")
    try model.set(key, value)
    let error = try thrown(ModelError.self) { try ModelDirectory(path: model.path) }
    #expect(error.failureKind == .badData)
    #expect(error.description.contains("config.json: \(key)"), "\(error)")
    #expect(error.description.contains("not supported"), "\(error)")
  }

  @Test(
    "Values with which the model is the one that is implemented are accepted, without a note",
    arguments: [
      ("attention_multiplier", .null), ("embedding_multiplier", .number("1.0")), ("residual_multiplier", 1),
      ("final_logit_softcapping", .null), ("no_rope_layers", [1, 1, 1, 1]), ("use_qk_norm", false),
      ("num_experts", 0), ("layer_types", ["full_attention", "full_attention"]), ("quantization_config", .null),
      ("torch_dtype", "float16"), ("pretraining_tp", 1),
    ] as [(String, JSON)])
  func neutral(key: String, value: JSON) throws {
    let model = try TemporaryModel(copying: "llama-v1")
    let notes = try ModelDirectory(path: model.path).notes
    try model.set(key, value)
    #expect(try ModelDirectory(path: model.path).notes == notes)
  }

  @Test("A quantised model is refused by the method's name", arguments: ["gptq", "awq", "bitsandbytes", "fp8"])
  func quantised(method: String) throws {
    let model = try TemporaryModel(copying: "llama-v1")
    try model.set("quantization_config", ["quant_method": .string(Array(method.utf8)), "bits": 4])
    let error = try thrown(ModelError.self) { try ModelDirectory(path: model.path) }
    #expect(error.description.contains("quantization_config: the weights are quantised (\(method)); dequantise them"))
  }

  @Test("Keys that are not known are named in one note")
  func unknown() throws {
    let model = try TemporaryModel(copying: "opt-125m")
    try model.set("frobnication", 3)
    try model.set("gate_temperature", .number("0.5"))
    try model.set("nothing_said", .null)
    let notes = try ModelDirectory(path: model.path).notes
    #expect(notes.count == 1)
    #expect(notes.first?.hasSuffix("config.json: keys without a known meaning: frobnication, gate_temperature") == true)
  }

  @Test("Of two objects on the rotary embedding, the one that does not count is named where they differ")
  func rotaryObjects() throws {
    let model = try TemporaryModel(copying: "llama-v1")
    let linear: JSON = ["rope_type": "linear", "factor": 2]
    try model.set("rope_scaling", linear)
    try model.set("rope_parameters", linear)
    #expect(try ModelDirectory(path: model.path).notes.isEmpty)
    try model.set("rope_parameters", ["rope_type": "linear", "factor": 4])
    let notes = try ModelDirectory(path: model.path).notes
    #expect(notes.count == 1)
    #expect(notes.first?.contains("config.json: rope_parameters is not read: rope_scaling is there as well") == true)
  }

  @Test("Infinity and NaN are accepted where nobody reads them; a field that is read names itself")
  func nonFinite() throws {
    let model = try TemporaryModel(copying: "llama-v1")
    let text = String(decoding: try File.contents(of: Path.join(model.path, "config.json")), as: UTF8.self)
    let body = try #require(text.lastIndex(of: "}"))
    try model.write("config.json", text[..<body] + ", \"time_step_limit\": [0.0, Infinity, -Infinity, NaN]}")
    let directory = try ModelDirectory(path: model.path)
    #expect(directory.notes.first?.contains("time_step_limit") == true)
    try model.write("config.json", text.replacing("\"rms_norm_eps\": 1e-06", with: "\"rms_norm_eps\": Infinity"))
    let error = try thrown(ModelError.self) { try ModelDirectory(path: model.path) }
    #expect(error.description.contains("config.json: rms_norm_eps"), "\(error)")
  }

  @Test("A LLaMA whose file names a window has no longer positions than that")
  func window() throws {
    let model = try TemporaryModel(copying: "llama-v1")
    try model.set("sliding_window", 32)
    #expect(try ModelDirectory(path: model.path).maximumPositions == 32)
    try model.set("use_sliding_window", false)
    #expect(try ModelDirectory(path: model.path).maximumPositions > 32)
  }

  @Test("What is no model folder is answered with what it is and what to do")
  func otherPlaces() throws {
    func message(_ path: String) throws -> String {
      let error = try thrown(ModelError.self) { try ModelDirectory(path: path) }
      #expect(error.failureKind == .noInput)
      return error.description
    }
    #expect(try message("no-such-owner/Llama-2-7b").contains("snapshot_download('no-such-owner/Llama-2-7b')"))
    try withTemporaryFolder { folder in
      let snapshot = Path.join(folder, "snapshots/0123abcd")
      try FileSystem.makeDirectory(Path.join(folder, "snapshots"))
      try FileSystem.makeDirectory(snapshot)
      #expect(try message(folder).contains("there is snapshots/0123abcd"))
      try FileManager.default.createSymbolicLink(
        atPath: Path.join(snapshot, "config.json"), withDestinationPath: "../../blobs/missing")
      #expect(try message(snapshot).contains("a link that leads to no file"))
    }
  }
}
