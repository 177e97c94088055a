import Support
import Tensor

extension CausalLM {
  /// The negative log-likelihoods of `negativeLogLikelihoods`, and the gradient of `scale` times their sum at the hidden states.
  ///
  /// Head and softmax run over chunks of tokens and vocabulary, each chunk of logits computed once: the gradient at the head's inputs
  /// is the mean of the head's rows under the softmax less the row of the target, and that mean is summed up beside the softmax's
  /// own running sum, as attention does with its values.
  ///
  /// - Parameters:
  ///   - hidden: the last block's outputs for `tokens`, (sequences · length, hidden size).
  ///   - tokens: the sequences; each token is the target of the one in front of it.
  ///   - scale: what each loss counts; 1 / their number makes it the gradient of the mean.
  public func lossGradient(
    at hidden: Matrix, of tokens: TokenBatch, scale: Double
  ) -> (losses: [Double], gradient: Matrix) {
    precondition(hidden.rows == tokens.tokens.count, "one row of hidden states for each token")
    var result = Matrix(uninitializedRows: hidden.rows, columns: hidden.columns)
    var losses: [Double] = []
    losses.reserveCapacity(hidden.rows)
    tokens.forEachChunk { range, targets in
      let hidden = hidden.rows(range)
      let (own, gradient) = headGradient(headInputs(hidden), targets, scale: scale)
      for (loss, target) in zip(own, targets) where target != nil { losses.append(loss) }
      result.replaceBlock(row: range.lowerBound, column: 0, with: hiddenGradient(gradient, at: hidden))
    }
    return (losses, result)
  }

  /// The losses of rows of the head's inputs, and the gradient of `scale` times the sum of those that have a target.
  private func headGradient(_ inputs: Matrix, _ targets: [Int?], scale: Double) -> (losses: [Double], gradient: Matrix)
  {
    var mean = Matrix(rows: inputs.rows, columns: inputs.columns)
    let (losses, sums) = losses(inputs, targets) { powers, range, corrections in
      mean.scaleRows(by: corrections)
      mean.addProduct(powers, head, rows: range)
    }
    mean.scaleRows(by: zip(sums, targets).map { sum, target in target == nil ? 0 : scale / sum })
    // A row without a target takes nothing of whichever row of the head stands in for it.
    var wanted = head.rows(targets.map { $0 ?? 0 })
    wanted.scaleRows(by: targets.map { $0 == nil ? 0 : -scale })
    mean.add(wanted)
    return (losses, mean)
  }
}
