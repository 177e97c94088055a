import Tensor

/// What a linear layer does in its block.
public enum LinearRole: String, Sendable, CaseIterable {
  /// Attention: queries, keys, values, and the projection of the heads' outputs.
  case query, key, value, output
  /// LLaMA's gated MLP: down(silu(gate(x)) · up(x)).
  case gate, up, down
  /// OPT's MLP: fc2(relu(fc1(x))).
  case fc1, fc2

  /// The half of the block that the linear is in.
  public var sublayer: Sublayer {
    switch self {
    case .query, .key, .value, .output: .attention
    case .gate, .up, .down, .fc1, .fc2: .mlp
    }
  }

  /// Whether the outputs are added to the residual stream.
  public var addsToResidual: Bool {
    switch self {
    case .output, .down, .fc2: true
    case .query, .key, .value, .gate, .up, .fc1: false
    }
  }
}

/// A linear layer: y = x Wᵀ + b.
public struct Linear: Sendable {
  /// The weight's name in the checkpoint.
  public let name: TensorName
  /// (outputs, inputs), as stored.
  public var weight: StoredMatrix
  /// One number an output, or nil where the layer has none.
  public let bias: [Float]?

  /// A layer called `name`.
  public init(name: TensorName, weight: StoredMatrix, bias: [Float]?) {
    precondition(bias.map { $0.count == weight.rows } ?? true, "one bias an output")
    self.name = name
    self.weight = weight
    self.bias = bias
  }

  /// The layer's outputs for inputs (tokens, inputs): (tokens, outputs).
  public func callAsFunction(_ inputs: Matrix) -> Matrix {
    var outputs = matmul(inputs, transposed: weight)
    if let bias { outputs.addToRows(bias) }
    return outputs
  }

  /// Adds the layer's outputs for inputs (tokens, inputs) to hidden states (tokens, outputs).
  public func add(_ inputs: Matrix, to hidden: inout Matrix) {
    hidden.addProduct(inputs, transposed: weight)
    if let bias { hidden.addToRows(bias) }
  }
}
