import Foundation
import Support
import Tensor
import TestSupport
import Testing
import Transformer

/// A model in a temporary folder, whose configuration and tensors a test changes.
final class TemporaryModel {
  /// A tensor with its bytes.
  struct Tensor {
    var name: String
    var type: String
    var shape: [Int]
    var bytes: [UInt8]

    /// A tensor of Float.
    init(_ name: String, _ shape: [Int], _ values: [Float]) {
      self.init(name: name, type: "F32", shape: shape, bytes: values.withUnsafeBytes { Array($0) })
    }

    init(name: String, type: String, shape: [Int], bytes: [UInt8]) {
      self.name = name
      self.type = type
      self.shape = shape
      self.bytes = bytes
    }

    /// The elements of a tensor of F32.
    var floats: [Float] {
      bytes.withUnsafeBytes { raw in
        (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
      }
    }
  }

  let folder: String
  var path: String { Path.join(folder, "model") }

  private init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "svnup-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  /// A copy of a fixture.
  convenience init(copying name: String) throws {
    try self.init()
    try FileManager.default.copyItem(atPath: Fixtures.path("random-models/\(name)"), toPath: path)
  }

  /// A model of its own.
  convenience init(configuration: JSON, tensors: [Tensor]) throws {
    try self.init()
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try write("config.json", configuration.document)
    try write(tensors)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  func load() throws -> any CausalLM { try ModelDirectory(path: path).loadModel() }

  func write(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: URL(filePath: Path.join(path, name)))
  }

  func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: Path.join(path, name)) }

  /// Gives a field of the configuration another value; nil removes it.
  func set(_ field: String, _ value: JSON?) throws {
    let object = try #require(try Fixtures.json(Path.join(path, "config.json")).object)
    var members = object.members.filter { $0.key != Array(field.utf8) }
    if let value { members.append((Array(field.utf8), value)) }
    try write("config.json", JSON.object(JSONObject(members)).document)
  }

  /// Changes the tensors of a model that has one file of them.
  func change(_ body: (inout [Tensor]) throws -> Void) throws {
    let file = try SafetensorsFile(path: Path.join(path, "model.safetensors"))
    var tensors = try file.entries.map {
      Tensor(name: "\($0.name)", type: $0.type, shape: $0.shape, bytes: try file.bytes(of: $0.name))
    }
    try body(&tensors)
    try remove("model.safetensors")
    try write(tensors)
  }

  /// Changes one tensor.
  func change(_ name: String, _ body: (inout Tensor) -> Void) throws {
    try change { tensors in
      let index = try #require(tensors.firstIndex { $0.name == name })
      body(&tensors[index])
    }
  }

  private func write(_ tensors: [Tensor]) throws {
    let file = try File(Path.join(path, "model.safetensors"), .creating)
    let contents = Dictionary(uniqueKeysWithValues: tensors.map { (TensorName($0.name), $0.bytes) })
    try SafetensorsWriter.write(
      tensors.map { (TensorName($0.name), $0.type, $0.shape, $0.bytes.count) }, metadata: [], to: file
    ) { .bytes(contents[$0] ?? []) }
  }
}

/// Ids below a bound, from a seed.
func randomTokens(_ sequences: Int, _ length: Int, below bound: Int, seed: UInt64 = 1) -> TokenBatch {
  var generator = SeededGenerator(seed: seed)
  return TokenBatch(tokens: (0..<sequences * length).map { _ in generator.below(bound) }, length: length)
}

/// Normally distributed numbers from a seed.
func randomFloats(_ count: Int, seed: UInt64, scale: Float = 1) -> [Float] {
  Matrix.random(1, count, seed: seed, scale: scale).elements
}

extension CausalLM {
  /// Logits of sequences.
  func logits(of tokens: TokenBatch) -> [Float] { logits(hiddenStates(tokens)).elements }
}
