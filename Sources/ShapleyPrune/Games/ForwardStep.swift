import Tensor
import Transformer

/// A step of the forward pass of a game: the smallest part of a model that holds whole players.
struct ForwardStep: Sendable {
  let block: Int
  /// One half of it, or nil for the whole.
  let sublayer: Sublayer?
  /// The players of this step; each has the linears of the same position in `roles`.
  let players: Range<Int>
  let roles: [[LinearRole]]

  /// The steps of a model: its blocks, or the halves of its blocks where the players are smaller than a block.
  static func steps(of model: any CausalLM, _ granularity: Granularity) -> [ForwardStep] {
    let players = granularity.cut(model)
    var steps: [ForwardStep] = []
    var first = 0
    for (index, block) in model.blocks.enumerated() {
      let halves: [Sublayer?] = granularity == .blocks ? [nil] : Sublayer.allCases
      for half in halves {
        let count = granularity == .linears ? half.map { block.roles.of($0).count } ?? 0 : 1
        let range = first..<first + count
        steps.append(ForwardStep(block: index, sublayer: half, players: range, roles: players[range].map(\.roles)))
        first += count
      }
    }
    return steps
  }

  /// The linears of the absent players; bit k of `members` tells whether player `players.lowerBound + k` is present.
  func absentRoles(members: UInt64) -> [LinearRole] {
    roles.enumerated().flatMap { members >> UInt64($0.offset) & 1 == 0 ? $0.element : [] }
  }

  /// Passes the hidden states, (sequences · length, hidden size), through this part of a block.
  func apply(_ block: any TransformerBlock, to hidden: inout Matrix, sequences: Int) {
    if let sublayer {
      block.apply(sublayer, to: &hidden, sequences: sequences, caches: nil, observing: nil)
    } else {
      block.apply(to: &hidden, sequences: sequences)
    }
  }
}
