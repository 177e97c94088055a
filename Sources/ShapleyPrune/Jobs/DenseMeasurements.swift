import Support
import Tensor
import Transformer

/// What was measured on a dense model before, so that several prunings of it measure it once.
public struct DenseMeasurements: Sendable {
  /// The perplexity on the windows that a job is evaluated on.
  public var perplexity: Perplexity?
  /// OWL's outlier ratios, one a block.
  public var outlierRatios: [Double]?
  /// The medians of Wanda scores that DLP looks at, one a block.
  public var medianScores: [Double]?
  /// The exponents that AlphaPruning looks at, one a block, by the tail of the job.
  public var hillExponents: [Double]?
  /// What an error in each output does to the loss.
  public var sensitivity: OutputSensitivity?

  /// Nothing was measured yet.
  public init() {}

  /// Throws where they cannot be of this model.
  func check(_ model: any CausalLM) throws(DocumentError) {
    for (name, numbers) in [
      ("outlier ratios", outlierRatios), ("median scores", medianScores), ("exponents", hillExponents),
    ] {
      guard let numbers, numbers.count != model.blocks.count else { continue }
      throw DocumentError(
        "the \(name)", reason: "there are \(numbers.count), and the model has \(model.blocks.count) blocks")
    }
    guard let scales = sensitivity?.scales else { return }
    let fits =
      scales.count == model.blocks.count
      && zip(scales, model.blocks).allSatisfy { scales, block in
        scales.allSatisfy { role, rows in
          block.roles.contains(role) && block[role].weight.rows == rows.count
            && rows.allSatisfy { $0.isFinite && $0 > 0 }
        }
      }
    guard fits else { throw DocumentError("the sensitivities", reason: "they are those of another model") }
  }
}

// The measurements themselves, each with its progress.
extension PruneRun {
  /// OWL's outlier ratios.
  func ratios(of model: any CausalLM) throws -> [Double] {
    try job.events.during("outlier ratios", unit: "blocks") {
      try outlierRatios(of: model, calibration: calibration ?? .none, memory: budget.memory, progress: $0)
    }
  }

  /// The medians of Wanda scores.
  func medians(of model: any CausalLM) throws -> [Double] {
    try job.events.during("median scores", unit: "blocks") {
      try medianScores(of: model, calibration: calibration ?? .none, memory: budget.memory, progress: $0)
    }
  }

  /// The exponents of the weights' spectra.
  func exponents(of model: any CausalLM, tail: SpectrumTail) throws -> [Double] {
    try job.events.during("spectra", unit: "blocks") { try hillExponents(of: model, tail: tail, progress: $0) }
  }

  /// What an error in each output does to the loss.
  func sensitivity(of model: any CausalLM) throws -> OutputSensitivity {
    let samples = (calibration ?? .none).first(OutputSensitivity.usualSamples)
    return try job.events.during("sensitivities", unit: "samples") {
      try OutputSensitivity(of: model, on: samples, memory: budget.memory, progress: $0)
    }
  }
}

extension OutputSensitivity: Record {
  package init() { scales = [] }

  package static let fields: [RecordField<OutputSensitivity>] = [
    RecordField("blocks", \.scales, rows.list)
  ]

  /// The scales of a block's linears under their names, in the order of the roles.
  private static let rows = FieldFormat<[LinearRole: [Double]]> { scales in
    JSON(members: LinearRole.allCases.compactMap { role in scales[role].map { (role.rawValue, JSON($0)) } })
  } read: { (field) throws(DocumentError) in
    var scales: [LinearRole: [Double]] = [:]
    for (name, numbers) in try field.members() {
      guard let role = LinearRole(rawValue: name) else { throw numbers.failure("the name is not that of a linear") }
      scales[role] = try FieldFormat<Double>.number().list.read(numbers)
    }
    return scales
  }
}
