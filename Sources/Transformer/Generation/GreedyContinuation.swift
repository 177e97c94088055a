import Tensor

extension CausalLM {
  /// Continues a sequence with the most probable token each time, until it has `length` tokens or ends with `end`.
  ///
  /// - Precondition: the prompt is not empty, and all tokens but the last have a position within `maximumPositions`.
  /// - Complexity: every token passes the blocks once; keys and values are kept.
  public func greedyContinuation(of prompt: [Int], length: Int, end: Int? = nil) -> [Int] {
    precondition(
      !prompt.isEmpty && length - 1 <= maximumPositions, "the text must have a beginning and fit the positions")
    let caches = blocks.map { _ in KeyValueCache() }
    var sequence = prompt
    var pending = prompt
    while sequence.count < length {
      let batch = TokenBatch(tokens: pending, length: pending.count)
      var hidden = embed(batch, position: sequence.count - pending.count)
      for (block, cache) in zip(blocks, caches) {
        block.apply(to: &hidden, sequences: 1, cache: cache)
      }
      let scores = logits(hidden.rows(hidden.rows - 1..<hidden.rows)).elements
      let next = scores.indices.reduce(0) { scores[$1] > scores[$0] ? $1 : $0 }
      sequence.append(next)
      pending = [next]
      if next == end { break }
    }
    return sequence
  }
}
