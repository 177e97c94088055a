import Tensor

extension CausalLM {
  /// Goes through the model forwards and backwards, and shows every linear's inputs with the gradient of `scale` times the sum of all
  /// negative log-likelihoods at its outputs.
  ///
  /// Forwards only the inputs of the blocks are kept: blocks · tokens · hidden size floats. Backwards, the last block first, each
  /// block computes the rest again, so that the whole costs about as much as four forward passes. All tokens go through at once: cut a
  /// long text with `strips(ofRows:)`. The gradient of a mean over several strips has 1 / (number of all losses) as its scale. Results
  /// are the same to the bit for any number of threads.
  ///
  /// - Parameters:
  ///   - tokens: sequences of at least one token, no longer than `maximumPositions`.
  ///   - scale: what each loss counts.
  ///   - observer: sees the linears of the last block first; blocks are counted from 0.
  /// - Returns: the losses of `negativeLogLikelihoods`.
  public func backward(
    _ tokens: TokenBatch, scale: Double,
    observing observer: (_ block: Int, _ role: LinearRole, _ inputs: Matrix, _ outputGradient: Matrix) -> Void
  ) -> [Double] {
    var inputs: [Matrix] = []
    inputs.reserveCapacity(blocks.count)
    var hidden = embed(tokens)
    for block in blocks {
      inputs.append(hidden)
      block.apply(to: &hidden, sequences: tokens.sequences)
    }
    var (losses, gradient) = lossGradient(at: hidden, of: tokens, scale: scale)
    hidden = Matrix(rows: 0, columns: 0)
    for index in blocks.indices.reversed() {
      blocks[index].backward(inputs: inputs.removeLast(), gradient: &gradient, sequences: tokens.sequences) {
        observer(index, $0, $1, $2)
      }
    }
    return losses
  }
}
