import Transformer

/// Who plays: into which parts a model is cut.
public enum Granularity: String, CaseIterable, Sendable {
  /// Every block is a player.
  case blocks
  /// Attention and MLP of every block are two players.
  case sublayers
  /// Every linear is a player; it can be pruned, but not skipped.
  case linears

  /// The players of a model, in the order in which they act.
  ///
  /// O(number of linears).
  public func cut(_ model: any CausalLM) -> [Player] {
    model.blocks.enumerated().flatMap { index, block in
      switch self {
      case .blocks:
        return [Player(block: index, part: nil, roles: block.roles, model)]
      case .sublayers:
        return Sublayer.allCases.map { sublayer in
          Player(block: index, part: sublayer.rawValue, roles: block.roles(of: sublayer), model)
        }
      case .linears:
        return Sublayer.allCases.flatMap(block.roles(of:)).map { role in
          Player(block: index, part: role.rawValue, roles: [role], model)
        }
      }
    }
  }

  /// How many players a model of so many blocks of the given linears has; `cut` without the model.
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

  fileprivate init(block: Int, part: String?, roles: [LinearRole], _ model: any CausalLM) {
    self.block = block
    self.part = part
    self.roles = roles
    parameters = roles.reduce(0) { $0 + model.blocks[block][$1].weight.count }
  }

  /// The player as reports call it: `3`, `3.mlp`, `3.down`.
  public var name: String { part.map { "\(block).\($0)" } ?? "\(block)" }
}

extension TransformerBlock {
  /// The roles of one half of the block, in the order of the modules.
  func roles(of sublayer: Sublayer) -> [LinearRole] { roles.filter { $0.sublayer == sublayer } }
}
