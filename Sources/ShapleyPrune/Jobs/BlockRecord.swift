import Support
import Tensor

/// What became of a block, as a record keeps it.
public struct BlockRecord: Sendable {
  /// The fraction of zeros.
  public internal(set) var sparsity = 0.0
  /// The fraction that was asked for: the mean over its weights.
  public internal(set) var target = 0.0
  package internal(set) var linears: [Named<LinearRecord>] = []

  package init() {}

  /// The linears with their names within the block, such as `mlp.up_proj`, in the order of the modules.
  public var namedLinears: [(name: String, linear: LinearRecord)] { linears.map { ($0.name, $0.value) } }
}

/// What became of a linear, as a record keeps it.
public struct LinearRecord: Sendable {
  /// The fraction of zeros.
  public internal(set) var sparsity = 0.0
  /// The fraction that was asked for.
  public internal(set) var target = 0.0
  /// Weights that are zero.
  public internal(set) var zeros = 0
  /// Weights.
  public internal(set) var count = 0
  /// The weight's name in the files.
  public internal(set) var tensor = TensorName("")
  /// What the method says of the squared error of the outputs, weighted where they are.
  public internal(set) var loss: Double?
  /// The dampening that it took.
  public internal(set) var dampening: Double?
  /// Inputs that were always zero; nil where the method looks at no inputs.
  public internal(set) var deadInputs: Int?

  package init() {}
}

extension BlockRecord: Record {
  package static let fields: [RecordField<BlockRecord>] = [
    RecordField("sparsity", \.sparsity, .number()), RecordField("target", \.target, .number(), isRequired: false),
    RecordField("linears", \.linears, FieldFormat.record.named),
  ]

  init(_ report: BlockReport) {
    self.init()
    sparsity = report.sparsity
    target = report.target
    linears = report.linears.map { Named(Self.name(of: $0), LinearRecord($0)) }
  }

  /// A linear's name within its block: `model.layers.3.mlp.up_proj.weight` is `mlp.up_proj`.
  private static func name(of linear: LinearReport) -> String {
    let parts = "\(linear.name)".split(separator: ".")
    guard let layers = parts.firstIndex(of: "layers"), parts.count > layers + 3 else { return "\(linear.name)" }
    return parts[(layers + 2)...].dropLast().joined(separator: ".")
  }
}

extension LinearRecord: Record {
  package static let fields: [RecordField<LinearRecord>] = [
    RecordField("sparsity", \.sparsity, .number()), RecordField("target", \.target, .number(), isRequired: false),
    RecordField("zeros", \.zeros, .integer()), RecordField("count", \.count, .integer()),
    RecordField("tensor", \.tensor, .tensorName),
    RecordField("loss", \.loss, FieldFormat.numberOrNull.orNull, isRequired: false),
    RecordField("dampening", \.dampening, FieldFormat.number().orNull, isRequired: false),
    RecordField("deadInputs", \.deadInputs, FieldFormat.integer().orNull, isRequired: false),
  ]

  init(_ report: LinearReport) {
    self.init()
    sparsity = report.sparsity
    target = report.pattern.sparsity
    zeros = report.zeros
    count = report.count
    tensor = report.name
    loss = report.outcome.loss
    dampening = report.outcome.dampening
    deadInputs = report.outcome.deadInputs
  }
}

extension FieldFormat where Value == TensorName {
  fileprivate static var tensorName: Self {
    Self {
      JSON("\($0)")
    } read: { (field) throws(DocumentError) in
      guard let bytes = field.json.bytes else { throw field.failure("it is \(field.json.kind), not a string") }
      return TensorName(bytes)
    }
  }
}
