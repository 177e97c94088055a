import Support
import Tensor
import Testing

/// The tensors of a model directory as they are stored.
struct SavedModel {
  private let files: [SafetensorsFile]

  init(_ folder: String) throws {
    files = try Self.names(folder).map { try SafetensorsFile(path: Path.join(folder, $0)) }
  }

  /// For each weight of a tensor, row by row, whether all its bits are zero.
  func zeros(_ name: String) throws -> (isZero: [Bool], columns: Int) {
    let file = try #require(files.first { $0.entry(TensorName(name)) != nil }, "\(name)")
    let entry = try #require(file.entry(TensorName(name)))
    let bytes = try file.bytes(of: entry.name)
    let width = bytes.count / entry.shape.reduce(1, *)
    let isZero = stride(from: 0, to: bytes.count, by: width).map { bytes[$0..<$0 + width].allSatisfy { $0 == 0 } }
    return (isZero, try #require(entry.shape.last))
  }

  /// Every tensor's bytes by its name.
  func tensors() throws -> [String: [UInt8]] {
    var tensors: [String: [UInt8]] = [:]
    for file in files {
      for entry in file.entries { tensors["\(entry.name)"] = try file.bytes(of: entry.name) }
    }
    return tensors
  }

  /// Files of a fixture that are no part of the model and, being small texts, come along with it.
  static let fixtureTexts = ["config.transformers5.json", "expected.json"]

  /// The bytes of every file of weights by its name.
  static func files(_ folder: String) throws -> [String: [UInt8]] {
    try Dictionary(
      uniqueKeysWithValues: names(folder).map { ($0, try File.contents(of: Path.join(folder, $0))) })
  }

  /// The fixtures have a file of expected activations beside the weights, which is none of them.
  private static func names(_ folder: String) throws -> [String] {
    try FileSystem.list(folder).filter { $0.hasPrefix("model") && $0.hasSuffix(".safetensors") }.sorted()
  }
}
