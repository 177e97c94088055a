import Transformer

/// A pattern for every linear of a block.
///
///     let pattern = BlockPattern(.unstructured(0.7), except: [.down: .unstructured(0.5)])
public struct BlockPattern: Sendable, Equatable {
  /// The pattern of the linears without one of their own.
  public var common: SparsityPattern
  /// Linears with a pattern of their own.
  public var exceptions: [LinearRole: SparsityPattern]

  /// One pattern for all linears but some.
  public init(_ common: SparsityPattern, except exceptions: [LinearRole: SparsityPattern] = [:]) {
    self.common = common
    self.exceptions = exceptions
  }

  /// The pattern of a linear.
  public subscript(role: LinearRole) -> SparsityPattern { exceptions[role] ?? common }
}
