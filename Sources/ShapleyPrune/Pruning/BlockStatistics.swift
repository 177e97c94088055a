import Tensor
import Transformer

/// The statistics of the linears of a block, kept once for all that see the same inputs.
package struct BlockStatistics: Sendable {
  /// Linears that see the same inputs.
  package struct Group: Sendable {
    package let roles: [LinearRole]
    package fileprivate(set) var statistics: InputStatistics
    /// What leads to the dense model's outputs, where that was collected.
    package fileprivate(set) var targets: DenseTargets?
  }

  private let kind: StatisticsKind
  private var groups: [Group] = []

  /// Empty sums; the groups are found as inputs come.
  package init(_ kind: StatisticsKind) { self.kind = kind }

  /// Adds the inputs that the given linears share, (tokens, inputs).
  package mutating func accumulate(_ inputs: Matrix, of roles: [LinearRole], sequences: Int) {
    guard kind > .none else { return }
    let index = groups.firstIndex { $0.roles == roles } ?? groups.count
    if index == groups.count {
      groups.append(Group(roles: roles, statistics: InputStatistics(inputs: inputs.columns, kind: kind)))
    }
    groups[index].statistics.accumulate(inputs, sequences: sequences)
  }

  /// Adds what the inputs of linears, (tokens, inputs), are in the dense model, and the difference of the residual streams.
  ///
  /// - Precondition: inputs of the same linears were added.
  mutating func accumulate(dense: Matrix, pruned: Matrix, residual: Matrix?, of roles: [LinearRole]) {
    guard let index = groups.firstIndex(where: { $0.roles == roles }) else { preconditionFailure("no such linears") }
    if groups[index].targets == nil {
      groups[index].targets = DenseTargets(inputs: pruned.columns, residual: residual?.columns)
    }
    groups[index].targets?.accumulate(dense: dense, pruned: pruned, residual: residual)
  }

  /// Applies parts of a block to hidden states, (sequences · length, hidden size), and adds the inputs that its linears see.
  mutating func collect(
    _ block: any TransformerBlock, _ sublayers: [Sublayer], _ hidden: inout Matrix, sequences: Int
  ) {
    var result = self
    self = BlockStatistics(kind)
    for sublayer in sublayers {
      block.apply(sublayer, to: &hidden, sequences: sequences, caches: nil) { inputs, roles in
        result.accumulate(inputs, of: roles, sequences: sequences)
      }
    }
    self = result
  }

  /// The statistics of one linear, or nil where none were collected.
  package subscript(role: LinearRole) -> InputStatistics? { groups.first { $0.roles.contains(role) }?.statistics }

  /// The given linears by their inputs; those without statistics together, with empty ones.
  func groups(of roles: [LinearRole]) -> [Group] {
    let known = groups.map { group in
      Group(roles: roles.filter(group.roles.contains), statistics: group.statistics, targets: group.targets)
    }
    let others = roles.filter { self[$0] == nil }
    return known + [Group(roles: others, statistics: InputStatistics(inputs: 0, kind: .none))]
  }
}
