import ShapleyPrune

/// The linears of a pruned model as a table: a row a block, a column a linear.
struct PrunedLinears {
  /// The blocks' numbers.
  let blocks: [String]
  /// The linears' names within a block, in the order of the modules.
  let names: [String]
  private let records: [[Named]]

  private typealias Named = (name: String, record: LinearRecord)

  init(_ record: PruningRecord) {
    blocks = record.blocks.indices.map(String.init)
    records = record.blocks.map { $0.linears.map { ($0.name, $0.value) } }
    var names: [String] = []
    for linears in records { for (name, _) in linears where !names.contains(name) { names.append(name) } }
    self.names = names
  }

  /// The names without what stands in front of the last point, where they are different without it.
  var shortNames: [String] {
    let short = names.map { name in name.split(separator: ".").last.map(String.init) ?? name }
    return Set(short).count == names.count ? short : names
  }

  /// A figure of every linear, a row a block.
  func table(_ figure: (LinearRecord) -> Double?) -> [[Double?]] {
    records.map { linears in names.map { name in linears.first { $0.name == name }.flatMap { figure($0.record) } } }
  }

  /// A figure of every block: the sum over its linears; nil where none of them has it.
  func sums(_ figure: (LinearRecord) -> Double?) -> [Double?] {
    records.map { linears in
      let found = linears.compactMap { figure($0.record) }
      return found.isEmpty ? nil : found.reduce(0, +)
    }
  }

  /// Every linear with its block, in the order of the modules.
  var all: [(block: String, name: String, record: LinearRecord)] {
    zip(blocks, records).flatMap { block, linears in linears.map { (block, $0.name, $0.record) } }
  }
}
