/// Figures of players as a table: a row a block, a column a part of it.
package struct PlayerGrid {
  /// The blocks in their order.
  package private(set) var blocks: [String] = []
  /// The parts in their order; one without a name where blocks are the players.
  package private(set) var parts: [String] = []
  private var cells: [String: [String: Double]] = [:]

  /// Figures of players by their names: `3.down` is the part `down` of block 3, and a block as a whole has no part.
  package init(_ names: [String], _ values: [Double]) {
    var knownParts = Set<String>()
    for (name, value) in zip(names, values) {
      let pieces = name.split(separator: ".", maxSplits: 1).map(String.init)
      let (block, part) = (pieces.first ?? name, pieces.count > 1 ? pieces[1] : "")
      if cells[block] == nil { blocks.append(block) }
      if knownParts.insert(part).inserted { parts.append(part) }
      cells[block, default: [:]][part] = value
    }
  }

  /// The figures of one part, a block after the other.
  package func values(_ part: String) -> [Double?] { blocks.map { cells[$0]?[part] } }

  /// The figures of every block, a part after the other.
  package var rows: [[Double?]] { blocks.map { block in parts.map { cells[block]?[$0] } } }

  /// What each block's parts come to together.
  package var sums: [Double] { rows.map { $0.reduce(0) { $0 + ($1 ?? 0) } } }

  /// The number of figures.
  package var count: Int { cells.values.reduce(0) { $0 + $1.count } }
}
