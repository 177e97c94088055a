import Support
import Tensor
import TestSupport
import Testing
import Transformer

/// Rotary embeddings as configurations ask for them, in vectors of transformers 5.24 (Scripts/make-rotary-vectors.py).
@Suite struct RotaryVectorTests {
  struct Vector: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let configuration: JSON
    let frequencies: [Float]
    let attentionFactor: Double

    init(_ json: JSON) throws {
      testDescription = try #require(json["name"]?.text)
      configuration = try #require(json["config"])
      frequencies = try #require(json["frequencies"]).doubles.map { Float($0) }
      attentionFactor = try #require(json["attention_factor"]?.double)
    }
  }

  static func vectors() throws -> [Vector] {
    try File.contents(of: Fixtures.path("rotary/frequencies.jsonl")).split(separator: UInt8(ascii: "\n")).map {
      try Vector(JSON.parse(Array($0)))
    }
  }

  private func rotary(_ configuration: JSON) throws -> RotaryEmbedding {
    try RotaryEmbedding(
      FieldReader(configuration, source: "config.json"),
      headDimension: #require(configuration["head_dim"]?.integer),
      positions: #require(configuration["max_position_embeddings"]?.integer))
  }

  @Test(arguments: try vectors())
  func frequenciesAndFactorAreThoseOfTransformers(_ vector: Vector) throws {
    let rotary = try rotary(vector.configuration)
    #expect(rotary.frequencies.count == vector.frequencies.count)
    for (j, (found, wanted)) in zip(rotary.frequencies, vector.frequencies).enumerated() {
      // PyTorch's powers are right to a unit in the last place, the C library's to half of one; blending rounds more.
      #expect((found - wanted).magnitude <= 8 * 0x1p-24 * wanted, "pair \(j): \(found), not \(wanted)")
    }
    // The cosine of nothing is 1.
    let table = rotary.table(positions: 1)
    for j in 0..<vector.frequencies.count { #expect(table[0, j] == Float(vector.attentionFactor)) }
  }

  @Test func vectorsOfAllKindsAreThere() throws {
    let vectors = try Self.vectors()
    #expect(vectors.count == 34)
    #expect(Set(vectors.map(\.frequencies)).count >= 15)
    #expect(Set(vectors.map(\.attentionFactor)).count >= 8)
  }
}
