import ShapleyPrune
import Support
import TestSupport
import Testing

@Suite struct AllocationFileTests {
  /// A file read for a model of four blocks.
  private func read(_ text: String, model: String = "llama3-gqa") throws -> SparsityAllocation {
    let file = try AllocationFile(parsing: Array(text.utf8), source: "plan.json")
    try file.check(blockCount: 4)
    return try file.allocation(for: file.granularity.cut(try TinyModels.load(model)))
  }

  @Test("An allocation reads back as it was written, to the bit", arguments: Granularity.allCases)
  func roundTrip(_ kind: Granularity) throws {
    var generator = SeededGenerator(seed: 77)
    for name in ["llama3-gqa", "opt-350m"] {
      let players = kind.cut(try TinyModels.load(name))
      let allocation = try SparsityAllocation([0, 1] + players.dropFirst(2).map { _ in generator.unit() })
      let json = AllocationTable(allocation, for: players, kind).json
      // A record of a pruned model has it among other things.
      for json in [json, ["svnup": "0", "allocation": json]] {
        #expect(try read(String(decoding: json.encoded(), as: UTF8.self), model: name) == allocation)
      }
    }
    #expect(try read(#"{"target": 0.5, "blocks": [0, 0.25, 1, 1]}"#).sparsities == [0, 0.25, 1, 1])
  }

  @Test("Players are told by their names, in any order; a missing or unknown one is refused")
  func names() throws {
    func file(_ names: [String]) -> String {
      let members = names.enumerated().map { "\"\($0.element)\": 0.\($0.offset + 1)" }
      return "{\"players\": \"sublayers\", \"sparsities\": {\(members.joined(separator: ", "))}}"
    }
    let names = (0..<4).flatMap { ["\($0).attention", "\($0).mlp"] }
    #expect(try read(file(names)).sparsities == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
    #expect(try read(file(names.reversed())).sparsities == [0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1])
    let missing = DocumentError("plan.json", field: "sparsities.3.mlp", reason: "it is missing")
    #expect(throws: missing) { try read(file(names.dropLast())) }
    let blocks = #"{"players": "blocks", "sparsities": {"3": 0.9, "2": 0.3, "1": 0.2, "0": 0.1}}"#
    #expect(try read(blocks).sparsities == [0.1, 0.2, 0.3, 0.9])
    #expect(throws: DocumentError.self) { try read(blocks.replacing("\"3\"", with: "\"x\"")) }
    let unknown = DocumentError(
      "plan.json", field: "sparsities.4.mlp", reason: "the model has no player of this name")
    #expect(throws: unknown) { try read(file(names + ["4.mlp"])) }
  }

  @Test(
    "A bad file is an error that names file and field",
    arguments: [
      (#"[0.1, 0.2, 0.3]"#, nil, "an array"),
      (#"{"block": [0.1, 0.2, 0.3]}"#, "blocks", "missing"),
      (#"{"blocks": 0.5}"#, "blocks", "a number, not an array"),
      (#"{"blocks": [0.1, 0.2]}"#, "blocks", "2 numbers; the model has 4 blocks"),
      (#"{"blocks": [0.1, 0.2, 0.3, 0.4, 0.5]}"#, "blocks", "5 numbers; the model has 4 blocks"),
      (#"{"players": "heads", "sparsities": {}}"#, "players", "it is not blocks, sublayers or linears"),
      (#"{"players": "linears"}"#, "sparsities", "it is missing"),
      (#"{"players": "linears", "sparsities": [0.5]}"#, "sparsities", "it is an array, not an object"),
      (#"{"players": "linears", "sparsities": {"0.up": 2}}"#, "sparsities.0.up", "2.0 is not between 0 and 1"),
      (#"{"allocation": null, "blocks": [0.1, 0.2, 0.3, 0.4]}"#, nil, "it is null, not an object"),
      (#"{"allocation": {"blocks": null}}"#, "blocks", "null, not an array"),
      (#"{"blocks": [0.1, "0.2", 0.3]}"#, "blocks[1]", "a string, not a number"),
      (#"{"blocks": [0.1, 0.2, null]}"#, "blocks[2]", "null, not a number"),
      (#"{"blocks": [1.5, 0.2, 0.3]}"#, "blocks[0]", "1.5 is not between 0 and 1"),
      (#"{"blocks": [0.1, -0.1, 0.3]}"#, "blocks[1]", "-0.1 is not between 0 and 1"),
      (#"{"blocks": [0.1, 1e999, 0.3]}"#, "blocks[1]", "too large"),
      (#"{"blocks": [0.1, NaN, 0.3]}"#, nil, "at byte 17"),
      (#"{"blocks": [0.1], "blocks": [0.2]}"#, nil, "appears twice"),
    ])
  func badFiles(text: String, field: String?, reason: String) {
    let error = try? thrown(DocumentError.self) { try read(text) }
    #expect(error?.source == "plan.json")
    #expect(error?.field == field)
    #expect(error?.reason.contains(reason) == true, "\(String(describing: error))")
    #expect(error?.failureKind == .badData)
  }
}
