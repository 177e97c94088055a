import Foundation
import Support
import TestSupport
import Testing

/// Models that are malformed in one way each, given to the executable: one line that names file and field, and the exit status.
@Suite("Malformed models, end to end")
struct MalformedModelTests {
  /// A model in a folder of its own; what is done to it, and what the executable must say.
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var model = Inputs.llama1
    /// The file that the message names; empty for the folder.
    var file = "model.safetensors"
    /// What else it says.
    let parts: [String]
    var status: Int32 = 65
    let change: @Sendable (_ folder: String) throws -> Void

    /// A file of weights that consists of these bytes.
    static func weights(_ name: String, _ bytes: [UInt8], _ parts: String...) -> Case {
      Case(testDescription: name, parts: parts) { try write(bytes, to: Path.join($0, "model.safetensors")) }
    }

    /// One tensor `w` with these fields, and some data.
    static func tensor(
      _ name: String, dtype: String = #""F32""#, shape: String = "[2]", offsets: String = "[0,8]", data: Int = 8,
      _ parts: String...
    ) -> Case {
      let header = #"{"w":{"dtype":\#(dtype),"shape":\#(shape),"data_offsets":\#(offsets)}}"#
      return Case(testDescription: name, parts: parts) {
        try write(safetensors(header, dataCount: data), to: Path.join($0, "model.safetensors"))
      }
    }

    /// A configuration with one field changed; nil removes it.
    static func configuration(_ name: String, _ field: String, _ value: JSON?, _ parts: String...) -> Case {
      Case(testDescription: name, file: "config.json", parts: [field] + parts) { folder in
        let path = Path.join(folder, "config.json")
        let members = try Fixtures.json(path).object?.members.filter { $0.key != Array(field.utf8) } ?? []
        let added = value.map { [(key: Array(field.utf8), value: $0)] } ?? []
        try write(JSON.object(JSONObject(members + added)).encoded(), to: path)
      }
    }

    /// A sharded model whose index sends one tensor elsewhere.
    static func shard(_ name: String, _ shard: JSON, file: String = index, status: Int32 = 65, _ parts: String...)
      -> Case
    {
      Case(testDescription: name, model: Inputs.llama3, file: file, parts: parts, status: status) { folder in
        let path = Path.join(folder, index)
        var members = try Fixtures.json(path)["weight_map"]?.object?.members ?? []
        members[0].value = shard
        try write(JSON(members: [("weight_map", .object(JSONObject(members)))]).encoded(), to: path)
      }
    }
  }

  static let index = "model.safetensors.index.json"
  static let secondShard = "model-00002-of-00004.safetensors"

  static func write(_ bytes: [UInt8], to path: String) throws {
    try? FileManager.default.removeItem(atPath: path)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  static let headers: [Case] = [
    .weights("Case 1: no bytes", [], "0 bytes are too few"),
    .weights("Case 1: seven bytes", [1, 0, 0, 0, 0, 0, 0], "7 bytes are too few"),
    .weights("Case 2: a header of 2^64 - 1 bytes", safetensors("{}", length: .max), "18446744073709551615"),
    .weights("Case 3: a header of 100,000,001 bytes", safetensors("{}", length: 100_000_001), "100000001"),
    .weights("Case 4: a header past the end", safetensors("{}", length: 3), "3 bytes long; the file has 10"),
    .weights("Case 5: a header that is not UTF-8", safetensors([0x7B, 0xFF]), "byte 9", "not UTF-8"),
    .weights("Case 6: a header that begins with a blank", safetensors(" {}"), "byte 8", "begin with '{'"),
    .weights("Case 7: a header that breaks off", safetensors(#"{"w":"#), "byte 13"),
    .weights(
      "Case 8: 100,000 levels", safetensors(String(repeating: #"{"a":"#, count: 100_000)), "nested deeper than 128"),
    .weights("Case 9: a key twice", safetensors(#"{"a":{},"\u0061":{}}"#), "byte 16", #"the key "a" appears twice"#),
    .tensor("Case 11: a negative offset", offsets: "[-1,8]", "data_offsets", "whole numbers from 0"),
    .tensor("Case 11: a fractional offset", offsets: "[0,8.5]", "data_offsets", "whole numbers from 0"),
    .tensor("Case 11: an offset of 1e3", offsets: "[0,1e3]", "data_offsets", "whole numbers from 0"),
    .tensor("Case 11: an offset of minus zero", offsets: "[-0,8]", "data_offsets", "whole numbers from 0"),
    .tensor("Case 12: begin behind end", offsets: "[8,0]", "data_offsets", "begins at 8, after its end at 0"),
    .weights("Case 13: overlap", two(0..<5, 4..<8), "'b'", "byte 4", "already belongs to 'a'"),
    .weights("Case 14: a hole", two(0..<3, 4..<8), "'b'", "from 3 on belong to no tensor"),
    .tensor("Case 15: a byte too many", data: 9, "download complete"),
    .tensor("Case 16: a byte too few", data: 7, "download complete"),
    .tensor("Case 17: a shape that overflows", shape: "[4294967296,4294967296]", "shape", "overflows"),
    .tensor("Case 18: a shape of other bytes", shape: "[3]", "need 12 bytes, the range has 8"),
    .tensor("Case 19: an unknown type", dtype: #""Q4""#, "dtype", "'Q4'"),
    .weights("Case 20: metadata of numbers", safetensors(#"{"__metadata__":{"a":1}}"#), "__metadata__", "'a'"),
    .tensor("Case 23: one offset", offsets: "[0]", "data_offsets", "two numbers"),
    .tensor("Case 23: three offsets", offsets: "[0,8,8]", "data_offsets", "two numbers"),
    .weights("Case 42: a pointer of Git LFS", Array("version https://git-lfs.github.com/".utf8), "git lfs pull"),
  ]

  /// A header of two vectors of bytes.
  private static func two(_ a: Range<Int>, _ b: Range<Int>) -> [UInt8] {
    let members = [("a", a), ("b", b)].map {
      #""\#($0)":{"dtype":"U8","shape":[\#($1.count)],"data_offsets":[\#($1.lowerBound),\#($1.upperBound)]}"#
    }
    return safetensors("{\(members.joined(separator: ","))}", dataCount: 8)
  }

  static let shards: [Case] = [
    .shard("Case 24: a path that leaves the folder", "../../etc/x", "weight_map", "'../../etc/x'"),
    .shard("Case 24: an absolute path", "/etc/passwd", "weight_map", "'/etc/passwd'"),
    .shard(
      "Case 25: a shard that is missing", "none.safetensors", file: "none.safetensors", status: 66, "No such file"),
    Case(
      testDescription: "Case 26: a tensor in two shards", model: Inputs.llama3, file: secondShard,
      parts: ["it is also in", "model-00001-of-00004.safetensors"]
    ) { folder in
      try write(
        File.contents(of: Path.join(folder, "model-00001-of-00004.safetensors")), to: Path.join(folder, secondShard))
    },
    .shard("Case 27: a tensor that is not in its shard", .init(secondShard), "weight_map", "is not in \(secondShard)"),
    Case(
      testDescription: "Case 28: a FIFO as a shard", model: Inputs.llama3, file: secondShard,
      parts: ["not a regular file"], status: 66
    ) { folder in
      try FileManager.default.removeItem(atPath: Path.join(folder, secondShard))
      #expect(mkfifo(Path.join(folder, secondShard), 0o600) == 0)
    },
    Case(
      testDescription: "Case 28: a directory as a shard", model: Inputs.llama3, file: secondShard,
      parts: ["a directory"], status: 66
    ) { folder in
      try FileManager.default.removeItem(atPath: Path.join(folder, secondShard))
      try FileSystem.makeDirectory(Path.join(folder, secondShard))
    },
    Case(
      testDescription: "Case 28: a device as a shard", model: Inputs.llama3, file: secondShard,
      parts: ["not a regular file"], status: 66
    ) { folder in
      let path = Path.join(folder, secondShard)
      try FileManager.default.removeItem(atPath: path)
      try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/zero")
    },
  ]

  static let configurations: [Case] = [
    .configuration("Case 29: heads that do not divide", "num_attention_heads", 5, "does not divide hidden_size 64"),
    .configuration("Case 29: key heads that do not divide", "num_key_value_heads", 3, "does not divide the 4"),
    .configuration("Case 30: no blocks", "num_hidden_layers", 0, "a whole number from 1"),
    .configuration("Case 30: blocks below zero", "num_hidden_layers", -1, "a whole number from 1"),
    .configuration(
      "Case 30: 2^63 blocks", "num_hidden_layers", .number("9223372036854775808"), "a whole number from 1"),
    .configuration(
      "Case 31: rope_scaling of an unknown type", "rope_scaling", ["rope_type": "longrope", "factor": 4],
      "'longrope'", "default, linear, dynamic, yarn, llama3"),
    .configuration(
      "Case 34b: an unsupported architecture", "model_type", "gpt2", "'gpt2'", "llama, mistral, qwen2, qwen3 and opt"),
  ]

  static let weights: [Case] = [
    Case(
      testDescription: "Case 22: an empty tensor in the place of a weight",
      parts: ["'model.norm.weight'", "shape", "asks for [64], the file has [0]"]
    ) {
      try change($0) { header, data in
        header = header.replacing(
          #""shape":[64],"data_offsets":[698368,698624]"#, with: #""shape":[0],"data_offsets":[698368,698368]"#)
        data.removeLast(256)
      }
    },
    Case(
      testDescription: "Case 32: a shape that is not the configuration's",
      parts: ["'model.layers.0.mlp.gate_proj.weight'", "shape", "asks for [57, 64], the file has [56, 64]"]
    ) { folder in
      let path = Path.join(folder, "config.json")
      let text = String(decoding: try File.contents(of: path), as: UTF8.self)
      try write(Array(text.replacing(#""intermediate_size": 56"#, with: #""intermediate_size": 57"#).utf8), to: path)
    },
    Case(
      testDescription: "Case 33: no lm_head though it is not tied", file: "",
      parts: ["there is no tensor 'lm_head.weight'"]
    ) {
      try change($0) { header, _ in header = header.replacing("lm_head", with: "lm_tail") }
    },
    Case(
      testDescription: "Case 34: a weight that is NaN", parts: ["'lm_head.weight'", "element 0 is NaN or infinite"]
    ) {
      try change($0) { _, data in data.replaceSubrange(0..<4, with: [0, 0, 0xC0, 0x7F]) }
    },
  ]

  /// Changes the weights of a model of one file.
  private static func change(_ folder: String, _ body: (_ header: inout String, _ data: inout [UInt8]) -> Void) throws {
    let path = Path.join(folder, "model.safetensors")
    let bytes = try File.contents(of: path)
    let length = Int(bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
    var header = String(decoding: bytes[8..<8 + length], as: UTF8.self)
    var data = Array(bytes[(8 + length)...])
    body(&header, &data)
    try write(safetensors(Array(header.utf8), data: data), to: path)
  }

  @Test("A malformed model", arguments: headers + shards + configurations + weights)
  func refusal(_ test: Case) throws {
    try withTemporaryFolder { folder in
      let model = Path.join(folder, "model")
      try FileManager.default.copyItem(atPath: test.model, toPath: model)
      try test.change(model)
      let message = try CommandRunner().refusal(["info", model], status: test.status)
      for part in [test.file.isEmpty ? model : Path.join(model, test.file)] + test.parts {
        #expect(message.contains(part), "'\(message)' does not say '\(part)'")
      }
    }
  }
}
