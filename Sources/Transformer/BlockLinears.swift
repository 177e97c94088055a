import Tensor

/// One linear of every block of an architecture: its role, its module in the checkpoint, and its size.
struct LinearLayout: Sendable, Equatable {
  let role: LinearRole
  /// Name of the module within the block, such as self_attn.q_proj.
  let module: String
  let outputs: Int
  let inputs: Int
  let hasBias: Bool
}

/// The linears of one block, in the order of the architecture's table.
struct BlockLinears: Sendable {
  let roles: [LinearRole]
  /// The same, those with the same inputs together, in the order of the forward pass.
  let groups: [[LinearRole]]
  /// The linear of `roles[i]` at `i`.
  private var linears: [Linear]

  /// Reads the linears of the block that the checkpoint calls `block`.
  init(_ block: String, _ layout: [[LinearLayout]], _ reader: WeightReader) throws(ModelError) {
    roles = layout.joined().map(\.role)
    groups = layout.map { $0.map(\.role) }
    linears = []
    for linear in layout.joined() {
      linears.append(
        try reader.linear(
          "\(block).\(linear.module)", inputs: linear.inputs, outputs: linear.outputs, bias: linear.hasBias))
    }
  }

  /// The linear of a role.
  ///
  /// - Precondition: the block has one.
  subscript(role: LinearRole) -> Linear {
    get { linears[index(of: role)] }
    set { linears[index(of: role)] = newValue }
  }

  private func index(of role: LinearRole) -> Int {
    guard let index = roles.firstIndex(of: role) else { preconditionFailure("the block has no \(role.rawValue)") }
    return index
  }

  /// The outputs, (tokens, outputs) each, of linears for the same inputs (tokens, inputs), in one go; the observer sees the
  /// inputs once.
  func outputs(of roles: [LinearRole], _ inputs: Matrix, observing observer: InputObserver?) -> [Matrix] {
    observer?(inputs, roles)
    var outputs = matmul(inputs, transposed: roles.map { self[$0].weight })
    for (index, role) in roles.enumerated() {
      if let bias = self[role].bias { outputs[index].addToRows(bias) }
    }
    return outputs
  }

  /// Adds a linear's outputs for inputs (tokens, inputs), which the observer sees, to hidden states (tokens, outputs).
  func add(_ role: LinearRole, _ inputs: Matrix, to hidden: inout Matrix, observing observer: InputObserver?) {
    observer?(inputs, [role])
    self[role].add(inputs, to: &hidden)
  }
}

/// A block whose linears are those of its architecture's table.
protocol LinearsBlock: TransformerBlock {
  var linears: BlockLinears { get set }

  /// The half of the block in which tokens look at each other; parameters as of `apply`.
  func attend(_ hidden: inout Matrix, sequences: Int, caches: SequenceCaches?, observing observer: InputObserver?)

  /// The other half.
  func transform(_ hidden: inout Matrix, observing observer: InputObserver?)
}

extension LinearsBlock {
  var roles: [LinearRole] { linears.roles }
  var groups: [[LinearRole]] { linears.groups }

  subscript(role: LinearRole) -> Linear {
    get { linears[role] }
    set { linears[role] = newValue }
  }

  func apply(
    _ sublayer: Sublayer, to hidden: inout Matrix, sequences: Int, caches: SequenceCaches?,
    observing observer: InputObserver?
  ) {
    switch sublayer {
    case .attention: attend(&hidden, sequences: sequences, caches: caches, observing: observer)
    case .mlp: transform(&hidden, observing: observer)
    }
  }
}
