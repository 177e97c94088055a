import ShapleyPrune
import Support

/// An allocation file for three blocks.
struct AllocationTarget: FuzzTarget {
  static let name = "allocation"

  init(scratch: ScratchFolder) {}

  func check(_ bytes: [UInt8]) throws {
    func read(_ bytes: [UInt8]) throws -> SparsityAllocation? {
      try accepted(naming: "budget.json") { () throws(AllocationError) in
        try SparsityAllocation(parsing: bytes, source: "budget.json", blockCount: 3)
      }
    }
    guard let allocation = try read(bytes) else { return }
    let sparsities = allocation.sparsities
    try require(sparsities.count == 3 && sparsities.allSatisfy { (0...1).contains($0) }, "\(sparsities)")
    let again = try read(allocation.json.encoded())
    try require(again?.sparsities.map(\.bitPattern) == sparsities.map(\.bitPattern), "it does not read back")
  }
}
