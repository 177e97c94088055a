import Support

/// An allocation as a file states it: one sparsity in [0, 1] for each player, to be edited by hand.
///
///     {"blocks": [0.7, 0.65]}
///     {"players": "sublayers", "sparsities": {"0.attention": 0.7, "0.mlp": 0.65, "1.attention": 0.6, "1.mlp": 0.8}}
///
/// An object with a member `allocation`, as the record of a pruned model has it, stands for that member; other members are left
/// alone.
package struct AllocationFile: Equatable, Sendable {
  /// The file, for messages.
  package let source: String
  /// Who the players are.
  package let players: Granularity
  /// A sparsity and the name of the player, in the order of the file; a list names nobody.
  private let entries: [Entry]
  /// Where the entries stand.
  private let field: String

  private struct Entry: Equatable, Sendable {
    let player: String?
    let sparsity: Double
  }

  /// Reads the text of a file.
  ///
  /// Throws `AllocationError.file`.
  package init(parsing bytes: [UInt8], source: String) throws(AllocationError) {
    func failure(_ field: String, _ reason: String) -> AllocationError {
      .file(source, field: field, reason: reason)
    }
    func entry(_ element: JSON, _ field: String, player: String?) throws(AllocationError) -> Entry {
      guard let sparsity = element.double else { throw failure(field, "it is \(element.kind), not a number") }
      guard (0...1).contains(sparsity) else { throw failure(field, "\(sparsity) is not between 0 and 1") }
      return Entry(player: player, sparsity: sparsity)
    }

    let document: JSON
    do throws(JSONError) { document = try JSON.parse(bytes) } catch {
      throw failure("the document", error.description)
    }
    guard document.object != nil else { throw failure("the document", "it is \(document.kind), not an object") }
    let json = document["allocation"] ?? document
    self.source = source

    var entries: [Entry] = []
    if json["players"] != nil {
      field = "sparsities"
      guard let kind = json["players"]?.text.flatMap(Granularity.init(rawValue:)) else {
        throw failure("players", "it is none of \(Granularity.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      guard let members = json[field]?.object?.members else {
        let found = json[field].map { "it is \($0.kind)" } ?? "it is missing"
        throw failure(field, "\(found); an object with the sparsity of every player is expected")
      }
      players = kind
      for member in members {
        let name = String(decoding: member.key, as: UTF8.self)
        entries.append(try entry(member.value, "\(field).\(name)", player: name))
      }
    } else {
      field = "blocks"
      players = .blocks
      guard let member = json[field] else {
        throw failure(field, "it is missing; one sparsity for each block is expected")
      }
      guard let elements = member.array else { throw failure(field, "it is \(member.kind), not an array") }
      for (index, element) in elements.enumerated() {
        entries.append(try entry(element, "\(field)[\(index)]", player: nil))
      }
    }
    self.entries = entries
  }

  /// Throws `AllocationError.file` unless a list has one number for each of so many blocks.
  package func check(blockCount: Int) throws(AllocationError) {
    guard field == "blocks", entries.count != blockCount else { return }
    throw .file(source, field: field, reason: "it has \(entries.count) numbers; the model has \(blockCount) blocks")
  }

  /// The sparsities in the order of the players, each of which must be named once.
  ///
  /// Throws `AllocationError.file`. O(n^2).
  package func allocation(for players: [Player]) throws(AllocationError) -> SparsityAllocation {
    guard field == "sparsities" else {
      try check(blockCount: players.count)
      return try SparsityAllocation(entries.map(\.sparsity))
    }
    let names = Set(players.map(\.name))
    for entry in entries {
      guard let name = entry.player, !names.contains(name) else { continue }
      throw .file(source, field: "\(field).\(name)", reason: "the model has no player of this name")
    }
    var sparsities: [Double] = []
    for player in players {
      guard let entry = entries.first(where: { $0.player == player.name }) else {
        throw .file(source, field: "\(field).\(player.name)", reason: "it is missing")
      }
      sparsities.append(entry.sparsity)
    }
    return try SparsityAllocation(sparsities)
  }
}

extension SparsityAllocation {
  /// The allocation as `AllocationFile` reads it.
  package func json(for players: [Player], of kind: Granularity) -> JSON {
    if kind == .blocks { return ["blocks": JSON(sparsities)] }
    return [
      "players": JSON(kind.rawValue),
      "sparsities": JSON(members: zip(players, sparsities).map { ($0.name, JSON($1)) }),
    ]
  }

  /// A pattern for every linear of the model that was cut into these players.
  public func patterns(for players: [Player], blockCount: Int) -> [BlockPattern] {
    var patterns = [BlockPattern](repeating: BlockPattern(.unstructured(0)), count: blockCount)
    for (player, sparsity) in zip(players, sparsities) {
      if player.part == nil {
        patterns[player.block].common = .unstructured(sparsity)
      } else {
        for role in player.roles { patterns[player.block].exceptions[role] = .unstructured(sparsity) }
      }
    }
    return patterns
  }
}
