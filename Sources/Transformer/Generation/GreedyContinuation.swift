import Tensor

extension CausalLM {
  /// Continues a sequence with the most probable token each time, until it has `length` tokens or ends with `end`.
  ///
  /// - Precondition: the prompt is not empty, and all tokens but the last have a position within `maximumPositions`.
  /// - Complexity: every token passes the blocks once; keys and values are kept.
  public func greedyContinuation(of prompt: [Int], length: Int, end: Int? = nil) -> [Int] {
    precondition(length - 1 <= maximumPositions, "the text must fit the positions")
    var sequence = TokenSequence(self, prompt)
    var sampler = TokenSampler(Sampling())
    while sequence.tokens.count < length {
      let next = sampler.choose(sequence.nextScores(), after: sequence.tokens)
      sequence.append(next)
      if next == end { break }
    }
    return sequence.tokens
  }
}
