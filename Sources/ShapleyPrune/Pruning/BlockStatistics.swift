import Tensor
import Transformer

/// The statistics of every linear of a block; linears with the same inputs share them.
package struct BlockStatistics {
  /// By the first of the linears that share them.
  private var sums: [LinearRole: InputStatistics] = [:]
  private var owners: [LinearRole: LinearRole] = [:]

  /// Nothing yet.
  package init() {}

  /// The statistics of a linear's inputs, or nil where none were taken.
  package subscript(role: LinearRole) -> InputStatistics? { owners[role].flatMap { sums[$0] } }

  /// The linear whose statistics a linear shares, itself or another.
  func owner(of role: LinearRole) -> LinearRole? { owners[role] }

  /// Adds the inputs that the linears of some roles share.
  mutating func accumulate(_ inputs: Matrix, for roles: [LinearRole], sequences: Int, kind: StatisticsKind) {
    guard kind > .none, let owner = roles.first else { return }
    for role in roles { owners[role] = owner }
    sums[owner, default: InputStatistics(inputs: inputs.columns, kind: kind)]
      .accumulate(inputs, sequences: sequences)
  }
}
