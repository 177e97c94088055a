import Support
import Transformer

/// A `.npy` file of token ids.
struct TokenFileTarget: FuzzTarget {
  static let name = "npy"

  private let scratch: ScratchFolder

  init(scratch: ScratchFolder) { self.scratch = scratch }

  func check(_ bytes: [UInt8]) throws { try checkTokens(bytes, in: scratch.write(bytes, to: "ids.npy")) }
}

/// A `.npz` archive of token ids.
struct TokenArchiveTarget: FuzzTarget {
  static let name = "npz"

  private let scratch: ScratchFolder

  init(scratch: ScratchFolder) { self.scratch = scratch }

  func check(_ bytes: [UInt8]) throws { try checkTokens(bytes, in: scratch.write(bytes, to: "ids.npz")) }
}

/// An id takes a byte at least, and rows are of one length.
private func checkTokens(_ bytes: [UInt8], in path: String) throws {
  switch try accepted(naming: path, { () throws(ModelError) in try TokenFile(path: path) }) {
  case .stream(let ids)?: try require(ids.count <= bytes.count, "more ids than bytes")
  case .rows(let rows)?:
    try require(rows.tokens.count <= bytes.count, "more ids than bytes")
    try require(rows.sequences >= 1 && rows.sequences * rows.length == rows.tokens.count, "rows of unequal length")
  case nil: break
  }
}
