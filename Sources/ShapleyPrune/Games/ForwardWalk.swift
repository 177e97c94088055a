import Tensor
import Transformer

/// The forward passes of many coalitions on one strip of windows, each forward step that they share applied once.
struct ForwardWalk {
  let model: any CausalLM
  let steps: [ForwardStep]
  let absence: LayerGame.Absence
  let stop: StopToken

  /// Carries the hidden states of a strip, (sequences · length, hidden size), down a trie; calls `applied` after every
  /// forward step, and `arrive` with the last states of each coalition and its indices in the list of the trie.
  ///
  /// Throws `StopRequested` where the token says stop before a forward step, and what `arrive` throws.
  func run(
    _ trie: CoalitionTrie, on strip: TokenBatch, applied: () -> Void,
    arrive: (_ indices: ArraySlice<Int>, _ hidden: Matrix) throws -> Void
  ) throws {
    try trie.walk(
      from: model.embed(strip),
      along: { edge, hidden in
        try stop.check()
        let step = steps[edge.step]
        step.apply(block(at: step, members: edge.members), to: &hidden, sequences: strip.sequences)
        applied()
      },
      arrive: arrive)
  }

  /// The block of a step with its absent players in their pruned form, made for one step so that one is in memory at a
  /// time.
  private func block(at step: ForwardStep, members: UInt64) -> any TransformerBlock {
    let dense = model.blocks[step.block]
    switch absence {
    case .bypassed: return dense
    case .replaced(let forms): return forms[step.block].block(dense, roles: step.absentRoles(members: members))
    }
  }
}
