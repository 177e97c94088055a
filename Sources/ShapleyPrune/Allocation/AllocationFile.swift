import Support

/// An allocation as files state it: one sparsity in [0, 1] for each player, to be edited by hand.
///
///     {"blocks": [0.7, 0.65]}
///     {"players": "sublayers", "sparsities": {"0.attention": 0.7, "0.mlp": 0.65, "1.attention": 0.6, "1.mlp": 0.8}}
///
/// Where the object has a member `allocation`, as the record of a pruned model has, that member is read.
public struct AllocationFile: Sendable {
  /// The file, for messages; `given` for an allocation of a program's own.
  public let source: String
  /// Whether there is such a file.
  let isFile: Bool
  private let table: AllocationTable

  /// Reads a file of at most 16 MiB; throws where it cannot be read or holds no allocation.
  public init(_ path: String) throws {
    try self.init(parsing: try File.contents(of: path, limit: 1 << 24), source: path)
  }

  /// An allocation of a program's own.
  ///
  /// - Parameters:
  ///   - allocation: a sparsity for each player.
  ///   - players: the players of the model, as `granularity.cut` gives them.
  ///   - granularity: the parts that they are.
  /// - Precondition: there are as many sparsities as players.
  public init(_ allocation: SparsityAllocation, for players: [Player], _ granularity: Granularity) {
    precondition(allocation.sparsities.count == players.count)
    (source, isFile) = ("given", false)
    table = AllocationTable(allocation, for: players, granularity)
  }

  package init(parsing bytes: [UInt8], source: String) throws(DocumentError) {
    (self.source, isFile) = (source, true)
    let document = try FieldReader(parsing: bytes, source: source)
    table = try AllocationTable(document.json["allocation"].map { FieldReader($0, source: source) } ?? document)
  }

  /// Writes the allocation to a file, in the form that it is read in, complete or not at all.
  ///
  /// Throws where it cannot be written, or is there and may not be replaced.
  public func save(to path: String, replacing: Bool = false) throws {
    try OutputFile(path, inputs: [], replacing: replacing).write(table.json)
  }

  /// The parts that have a sparsity each.
  public var granularity: Granularity { table.granularity }

  /// Throws unless a list has one number for each of so many blocks.
  package func check(blockCount: Int) throws(DocumentError) {
    guard table.isList, table.entries.count != blockCount else { return }
    throw failure("blocks", "it has \(table.entries.count) numbers; the model has \(blockCount) blocks")
  }

  /// The sparsities in the order of the players, each of which must be named once.
  ///
  /// Throws `DocumentError` where a player is missing, or one is named that the model does not have.
  ///
  /// Complexity: O(n²).
  public func allocation(for players: [Player]) throws(DocumentError) -> SparsityAllocation {
    var sparsities = table.entries.map(\.value)
    if table.isList {
      try check(blockCount: players.count)
    } else {
      let names = Set(players.map(\.name))
      if let stranger = table.entries.first(where: { !names.contains($0.name) }) {
        throw failure("sparsities.\(stranger.name)", "the model has no player of this name")
      }
      sparsities = try players.map { (player) throws(DocumentError) in
        guard let entry = table.entries.first(where: { $0.name == player.name }) else {
          throw failure("sparsities.\(player.name)", "it is missing")
        }
        return entry.value
      }
    }
    do throws(AllocationError) { return try SparsityAllocation(sparsities) } catch {
      throw DocumentError(source, reason: error.description)
    }
  }

  private func failure(_ field: String, _ reason: String) -> DocumentError {
    DocumentError(source, field: field, reason: reason)
  }
}

/// A sparsity for each player, or for each block in order.
package struct AllocationTable: Record, Equatable, Sendable {
  package private(set) var granularity = Granularity.blocks
  /// A sparsity and the name of its player; of a list, the index of the block.
  package private(set) var entries: [Named<Double>] = []
  /// Whether the entries stand in a list, one a block, so that nobody has named them.
  package private(set) var isList = false

  package init() {}

  package init(_ allocation: SparsityAllocation, for players: [Player], _ granularity: Granularity) {
    self.granularity = granularity
    isList = granularity == .blocks
    entries = zip(players, allocation.sparsities).map { Named($0.name, $1) }
  }

  package init(blocks: [Double]) {
    isList = true
    entries = blocks.enumerated().map { Named("\($0)", $1) }
  }

  private static let share = FieldFormat.number(in: 0...1)

  package static let fields: [RecordField<AllocationTable>] = [
    RecordField { table in
      if table.isList { return [("blocks", share.list.write(table.entries.map(\.value)))] }
      return [("players", JSON(table.granularity.rawValue)), ("sparsities", share.named.write(table.entries))]
    } read: { (table, object) throws(DocumentError) in
      guard object.json["players"] != nil else {
        if object.json["blocks"] != nil, object.json["sparsities"] != nil {
          throw object.failure(
            "it has a list of blocks, or sparsities by name with the 'players' that they are; not both")
        }
        let blocks = try object.member("blocks")
        table = AllocationTable(blocks: try share.list.read(blocks))
        return
      }
      table.granularity = try object.member("players").word()
      table.entries = try share.named.read(object.member("sparsities"))
    }
  ]
}
