import ShapleyPrune
import Support
import TestSupport
import Transformer

/// An allocation file: for blocks, sublayers or linears.
struct AllocationTarget: FuzzTarget {
  static let name = "allocation"

  private let model: any CausalLM

  init(scratch: ScratchFolder) throws {
    model = try ModelDirectory(path: Fixtures.path("random-models/llama3-gqa")).loadModel()
  }

  func check(_ bytes: [UInt8]) throws {
    func read(_ bytes: [UInt8]) throws -> (SparsityAllocation, Granularity)? {
      try accepted(naming: "budget.json") { () throws(DocumentError) in
        let file = try AllocationFile(parsing: bytes, source: "budget.json")
        return (try file.allocation(for: file.granularity.cut(model)), file.granularity)
      }
    }
    guard let (allocation, kind) = try read(bytes) else { return }
    let sparsities = allocation.sparsities
    let players = kind.cut(model)
    try require(sparsities.count == players.count && sparsities.allSatisfy { (0...1).contains($0) }, "\(sparsities)")
    let again = try read(AllocationTable(allocation, for: players, kind).json.encoded())
    try require(again?.0.sparsities.map(\.bitPattern) == sparsities.map(\.bitPattern), "it does not read back")
  }
}
