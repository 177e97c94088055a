import Tensor

extension Llama {
  /// The final norm, turned back.
  func hiddenGradient(_ gradient: Matrix, at hidden: Matrix) -> Matrix {
    var gradient = gradient
    norm.backpropagate(&gradient, at: hidden)
    return gradient
  }
}

extension RMSNorm {
  /// Turns the gradient of a loss at the norm's outputs into that at its inputs, of whole rows or of heads.
  fileprivate func backpropagate(_ gradient: inout Matrix, at inputs: Matrix) {
    gradient.backpropagateRMSNorm(at: inputs, weight: weight, epsilon: epsilon)
  }
}

extension LlamaBlock {
  func backward(
    inputs hidden: Matrix, gradient: inout Matrix, sequences: Int, observing observer: GradientObserver
  ) {
    let positions = positions(rows: hidden.rows, sequences: sequences)
    let inputs = attentionNorm(hidden)
    var projected = linears.outputs(of: [.query, .key, .value], inputs, observing: nil)
    // The norms of the heads are turned back at what they were given.
    let raw = queryNorm == nil ? [] : Array(projected.prefix(2))
    prepareHeads(&projected, positions)
    let attention = RecordedAttention(
      queries: projected[0], keys: projected[1], values: projected[2], shape: shape, sequences: sequences)
    backwardMLP(inputs: attentionOutputs(attention, hidden), gradient: &gradient, observing: observer)

    let atMixed = linears.inputGradient(
      of: [.output], inputs: attention.outputs, outputGradients: [gradient], observing: observer)
    var (atQueries, atKeys, atValues) = attention.gradients(atMixed)
    rotary.backpropagate(&atQueries, positions: positions)
    rotary.backpropagate(&atKeys, positions: positions)
    if let queryNorm { queryNorm.backpropagate(&atQueries, at: raw[0]) }
    if let keyNorm { keyNorm.backpropagate(&atKeys, at: raw[1]) }
    var atInputs = linears.inputGradient(
      of: [.query, .key, .value], inputs: inputs, outputGradients: [atQueries, atKeys, atValues], observing: observer)
    attentionNorm.backpropagate(&atInputs, at: hidden)
    gradient.add(atInputs)
  }

  /// The hidden states between attention and MLP.
  private func attentionOutputs(_ attention: RecordedAttention, _ hidden: Matrix) -> Matrix {
    var result = hidden
    linears.add(.output, attention.outputs, to: &result, observing: nil)
    return result
  }

  /// Turns the gradient at the outputs of the MLP half into that at its inputs.
  private func backwardMLP(inputs hidden: Matrix, gradient: inout Matrix, observing observer: GradientObserver) {
    let inputs = mlpNorm(hidden)
    var gated = linears.outputs(of: [.gate, .up], inputs, observing: nil)
    let atInner = innerGradient(gated, gradient, observing: observer)
    var up = gated.removeLast()
    gated[0].backpropagateSiLU(times: &up, gradient: atInner)
    var atInputs = linears.inputGradient(
      of: [.gate, .up], inputs: inputs, outputGradients: [gated[0], up], observing: observer)
    mlpNorm.backpropagate(&atInputs, at: hidden)
    gradient.add(atInputs)
  }

  /// The gradient at the inputs of the last linear, whose outputs have `gradient`.
  private func innerGradient(_ gated: [Matrix], _ gradient: Matrix, observing observer: GradientObserver) -> Matrix {
    var inner = gated[0]
    inner.applySiLU(times: gated[1])
    return linears.inputGradient(of: [.down], inputs: inner, outputGradients: [gradient], observing: observer)
  }
}
