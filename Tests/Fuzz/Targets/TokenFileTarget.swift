import Support
import Transformer

/// A `.npy` file of token ids.
struct TokenFileTarget: FuzzTarget {
  static let name = "npy"

  private let scratch: ScratchFolder

  init(scratch: ScratchFolder) { self.scratch = scratch }

  func check(_ bytes: [UInt8]) throws {
    let path = try scratch.write(bytes, to: "ids.npy")
    let opened = try accepted(naming: path) { () throws(ModelError) in try TokenFile(path: path) }
    switch opened {
    case .stream(let ids)?: try require(ids.count * 4 <= bytes.count, "more ids than bytes")
    case .rows(let rows)?:
      try require(rows.tokens.count * 4 <= bytes.count, "more ids than bytes")
      try require(rows.sequences >= 1 && rows.sequences * rows.length == rows.tokens.count, "rows of unequal length")
    case nil: break
    }
  }
}
