import Tensor

extension OPT {
  /// The projection and the final norm, as far as the model has them, turned back.
  func hiddenGradient(_ gradient: Matrix, at hidden: Matrix) -> Matrix {
    var gradient = projectOut.map { matmul(gradient, $0) } ?? gradient
    finalNorm?.backpropagate(&gradient, at: hidden)
    return gradient
  }
}

extension LayerNorm {
  /// Turns the gradient of a loss at the norm's outputs into that at its inputs.
  fileprivate func backpropagate(_ gradient: inout Matrix, at inputs: Matrix) {
    gradient.backpropagateLayerNorm(at: inputs, weight: weight, epsilon: Self.epsilon)
  }
}

extension OPTBlock {
  func backward(
    inputs hidden: Matrix, gradient: inout Matrix, sequences: Int, observing observer: GradientObserver
  ) {
    let inputs = isPreNorm ? attentionNorm(hidden) : hidden
    let projected = linears.outputs(of: [.key, .value, .query], inputs, observing: nil)
    let attention = RecordedAttention(
      queries: projected[2], keys: projected[0], values: projected[1], shape: shape, sequences: sequences)
    var sum = hidden
    linears.add(.output, attention.outputs, to: &sum, observing: nil)
    backwardMLP(inputs: isPreNorm ? sum : attentionNorm(sum), gradient: &gradient, observing: observer)

    if !isPreNorm { attentionNorm.backpropagate(&gradient, at: sum) }
    let atMixed = linears.inputGradient(
      of: [.output], inputs: attention.outputs, outputGradients: [gradient], observing: observer)
    let (atQueries, atKeys, atValues) = attention.gradients(atMixed)
    var atInputs = linears.inputGradient(
      of: [.key, .value, .query], inputs: inputs, outputGradients: [atKeys, atValues, atQueries], observing: observer)
    if isPreNorm { attentionNorm.backpropagate(&atInputs, at: hidden) }
    gradient.add(atInputs)
  }

  /// Turns the gradient at the outputs of the MLP half into that at its inputs.
  private func backwardMLP(inputs hidden: Matrix, gradient: inout Matrix, observing observer: GradientObserver) {
    let inputs = isPreNorm ? mlpNorm(hidden) : hidden
    var inner = linears.outputs(of: [.fc1], inputs, observing: nil)[0]
    inner.applyReLU()
    if !isPreNorm {
      var sum = hidden
      linears.add(.fc2, inner, to: &sum, observing: nil)
      mlpNorm.backpropagate(&gradient, at: sum)
    }
    var atInner = linears.inputGradient(
      of: [.fc2], inputs: inner, outputGradients: [gradient], observing: observer)
    atInner.backpropagateReLU(outputs: inner)
    var atInputs = linears.inputGradient(
      of: [.fc1], inputs: inputs, outputGradients: [atInner], observing: observer)
    if isPreNorm { mlpNorm.backpropagate(&atInputs, at: hidden) }
    gradient.add(atInputs)
  }
}
