import Foundation
import Support
import Tensor
import TestSupport
import Testing
import Transformer

/// A directory written without changes is the directory that was read.
@Suite struct ModelDirectoryTests {
  static let companions = [
    "generation_config.json": "{\"max_length\": 3}\r\n", "tokenizer.json": "{}", "tokenizer.model": "\u{0}\u{FF}",
    "tokenizer_config.json": "{ }", "special_tokens_map.json": "{\n}", "added_tokens.json": "{}", "vocab.json": "{}",
    "merges.txt": "#version: 0.2\n", "chat_template.jinja": "{{ x }}", "LICENSE": "free",
    "LICENSE.md": "free", "NOTICE": "mine", "Notice.txt": "ours", "USE_POLICY.md": "good", "README.md": "# card",
    "tokenizer.tiktoken": "IQ== 0", "chat.jinja": "{{ y }}",
  ]

  /// What is no part of a copy.
  static let strangers = [
    "modeling_x.py": "import os", "pytorch_model.bin": "PK", "svnup.json": "{}", "model.gguf": "GGUF",
    ".gitattributes": "*",
    "pytorch_model.bin.index.json": "{}",
  ]

  @Test(arguments: RandomModelTests.models)
  func unprunedRoundTripKeepsEveryByte(_ name: String) throws {
    let model = try TemporaryModel(copying: name)
    // The fixture's own texts come along too.
    let others = try FileSystem.list(model.path).filter { $0.hasSuffix(".json") && !$0.hasSuffix(".index.json") }
    for (file, text) in Self.companions { try model.write(file, text) }
    for (file, text) in Self.strangers { try model.write(file, text) }
    try FileSystem.makeDirectory(Path.join(model.path, "original"))
    let source = try ModelDirectory(path: model.path)
    let target = Path.join(model.folder, "written")
    let writer = try DirectoryWriter(target: target, replacing: false)
    try source.write(try source.loadModel(), to: writer)
    try writer.commit()

    let expected = Set(Self.companions.keys).union(others).union(source.checkpoint.fileNames)
    #expect(try Set(FileSystem.list(target)) == expected)
    for file in expected where !file.hasSuffix(".safetensors") {
      #expect(try bytes(target, file) == bytes(model.path, file), "\(file)")
    }
    let written = try ModelDirectory(path: target)
    #expect(written.checkpoint.fileNames == source.checkpoint.fileNames)
    #expect(source.checkpoint.shards.count == ["llama3-gqa": 4, "qwen3": 3][name] ?? 1)
    for (before, after) in zip(source.checkpoint.shards, written.checkpoint.shards) {
      #expect(after.entries == before.entries)
      for entry in before.entries {
        #expect(try after.bytes(of: entry.name) == before.bytes(of: entry.name), "\(entry.name)")
      }
    }
    let notes = source.companions.notes
    #expect(notes.contains { $0.hasPrefix("remote code stays behind: modeling_x.py;") })
    #expect(
      notes.contains { $0.hasPrefix("these files stay behind: ") && $0.contains("model.gguf, pytorch_model.bin") })
    #expect(notes.contains { $0 == "these folders stay behind: original" })
    #expect(notes.count == 3)
    let tokens = randomTokens(2, 30, below: 512)
    #expect(try written.loadModel().logits(of: tokens) == source.loadModel().logits(of: tokens))
  }

  @Test func weightsThatWereReplacedMeanwhileAreNotWritten() throws {
    let model = try TemporaryModel(copying: "llama-v1")
    let source = try ModelDirectory(path: model.path)
    let loaded = try source.loadModel()
    try model.change("lm_head.weight") { $0.bytes[0] ^= 1 }
    let target = Path.join(model.folder, "written")
    do {
      let writer = try DirectoryWriter(target: target, replacing: false)
      let error = try thrown(ModelError.self) { try source.write(loaded, to: writer) }
      #expect(error.description.contains("replaced"))
    }
    #expect(!FileSystem.exists(target))
    #expect(try FileSystem.list(model.folder) == ["model"])
  }

  @Test func weightsOfAnotherTypeOrShapeAreNotWritten() throws {
    let model = try TemporaryModel(copying: "opt-125m")
    let source = try ModelDirectory(path: model.path)
    let target = Path.join(model.folder, "written")
    func failure(_ weight: StoredMatrix) throws -> String {
      var loaded = try source.loadModel()
      loaded.blocks[2][.fc1].weight = weight
      let writer = try DirectoryWriter(target: target, replacing: false)
      return try thrown(ModelError.self) { try source.write(loaded, to: writer) }.description
    }
    let other = try failure(StoredMatrix(.random(160, 64, seed: 1), as: .bfloat16))
    #expect(other.contains("layers.2.fc1.weight") && other.contains("the file has F16, the model BF16"), "\(other)")
    let turned = try failure(StoredMatrix(.random(64, 160, seed: 1), as: .float16))
    #expect(turned.contains("the file has [160, 64], the model [64, 160]"), "\(turned)")
    #expect(try FileSystem.list(model.folder) == ["model"])
  }

  private func bytes(_ folder: String, _ name: String) throws -> [UInt8] {
    try File.contents(of: Path.join(folder, name))
  }
}
