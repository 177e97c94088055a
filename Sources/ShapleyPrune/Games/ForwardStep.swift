import Tensor
import Transformer

/// A step of the forward pass as a game walks it: the smallest part of a model that holds whole players.
struct ForwardStep: Sendable {
  /// The block.
  let block: Int
  /// One half of it, or nil for the whole.
  let sublayer: Sublayer?
  /// The players that act here; each has the linears of the same position in `roles`.
  let players: Range<Int>
  /// The linears of each player.
  let roles: [[LinearRole]]

  /// The steps of a model that is cut into players: blocks, or halves of blocks where the players are smaller.
  static func stages(of model: any CausalLM, _ players: Granularity) -> [ForwardStep] {
    let cut = players.cut(model)
    var stages: [ForwardStep] = []
    var first = 0
    for (index, block) in model.blocks.enumerated() {
      let halves: [Sublayer?] = players == .blocks ? [nil] : Sublayer.allCases
      for half in halves {
        let count = players == .linears ? half.map { block.roles(of: $0).count } ?? 0 : 1
        let range = first..<first + count
        stages.append(ForwardStep(block: index, sublayer: half, players: range, roles: cut[range].map(\.roles)))
        first += count
      }
    }
    return stages
  }

  /// Which of the players of this stage are present: bit k is player `players.lowerBound + k`.
  func members(of coalition: Coalition) -> UInt64 {
    players.enumerated().reduce(0) { $0 | (coalition.contains($1.element) ? 1 << UInt64($1.offset) : 0) }
  }

  /// The linears of the players that are absent.
  func absentRoles(members: UInt64) -> [LinearRole] {
    roles.enumerated().flatMap { members >> UInt64($0.offset) & 1 == 0 ? $0.element : [] }
  }

  /// Passes the hidden states, (sequences · length, hidden size), through this part of a block.
  func apply(_ block: any TransformerBlock, to hidden: inout Matrix, sequences: Int) {
    if let sublayer {
      block.apply(sublayer, to: &hidden, sequences: sequences, cache: nil, observing: nil)
    } else {
      block.apply(to: &hidden, sequences: sequences)
    }
  }
}
