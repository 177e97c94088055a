import Transformer

/// The players of a game: the parts into which a model is cut.
///
///     let players = Granularity.linears.cut(model)
///     print(players.map(\.name))  // 0.query, 0.key, …
public enum Granularity: String, CaseIterable, Sendable {
  /// Every block is a player.
  case blocks
  /// Attention and MLP of every block are two players.
  case sublayers
  /// Every linear is a player; it can be pruned, but not skipped.
  case linears

  /// The players of a model, in the order in which they act; O(number of linears).
  public func cut(_ model: any CausalLM) -> [Player] {
    model.blocks.enumerated().flatMap { index, block in
      parts(of: block.roles).map { name, roles in
        Player(block: index, part: name, roles: roles, parameters: roles.reduce(0) { $0 + block[$1].weight.count })
      }
    }
  }

  /// The names of the players of a model that has not been loaded.
  package func names(in directory: ModelDirectory) -> [String] {
    directory.linearRoles.enumerated().flatMap { index, roles in
      parts(of: roles).map { Player.name(block: index, part: $0.name) }
    }
  }

  /// The names and linears of the players of one block, which has the linears of these roles.
  private func parts(of roles: [LinearRole]) -> [(name: String?, roles: [LinearRole])] {
    switch self {
    case .blocks: [(nil, roles)]
    case .sublayers: Sublayer.allCases.map { ($0.rawValue, roles.of($0)) }
    case .linears: Sublayer.allCases.flatMap(roles.of).map { ($0.rawValue, [$0]) }
    }
  }

  /// How many players a model of so many blocks, of so many linears each, has.
  package func count(blocks: Int, linears: Int) -> Int {
    switch self {
    case .blocks: blocks
    case .sublayers: blocks * Sublayer.allCases.count
    case .linears: blocks * linears
    }
  }
}

/// A part of a model that is scored, and pruned, as one.
public struct Player: Hashable, Sendable {
  /// The block that it is, or is a part of.
  public let block: Int
  /// Which part of the block: a sublayer's or a linear's name; nil for the whole block.
  public let part: String?
  /// The linears that are pruned with it.
  public let roles: [LinearRole]
  /// Weights of those linears.
  public let parameters: Int

  /// The player as reports call it: `3`, `3.mlp`, `3.down`.
  public var name: String { Self.name(block: block, part: part) }

  fileprivate static func name(block: Int, part: String?) -> String { part.map { "\(block).\($0)" } ?? "\(block)" }
}

extension [LinearRole] {
  /// Those of one half of a block, in their order.
  func of(_ sublayer: Sublayer) -> [LinearRole] { filter { $0.sublayer == sublayer } }
}

extension Granularity {
  /// The part of a model that a game applies at a time: a block, or attention or MLP where players are smaller.
  package var appliedPart: String { self == .blocks ? "block" : "sublayer" }

  /// What progress counts.
  var applications: String { "\(appliedPart) applications" }
}
