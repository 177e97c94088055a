import Support
import Tensor
import Transformer

/// What `svnup.json` tells of a pruned model: everything that is needed to make it again, and what came of it.
public struct PruningRecord: Sendable {
  /// File name of the record in a saved directory.
  public static let fileName = ModelDirectory.recordFile

  /// The version of svnup that pruned.
  public internal(set) var version = Version.current
  /// The words of the command line; empty where a program pruned.
  public var command: [String] = []
  /// The method of pruning with its settings.
  public internal(set) var pruner: any Pruner = MagnitudePruner()
  /// What the weights that remain were to give.
  public internal(set) var targets = ModelPruner.Targets.own
  /// What was pruned at a time.
  public internal(set) var sequencing = ModelPruner.Sequencing.block
  /// What an error in an output counted.
  public internal(set) var weighting = ModelPruner.Weighting.equal
  /// N:M, where every linear has it.
  public internal(set) var groups: SparsityPattern?
  /// The seed of the samples.
  public internal(set) var seed = 0
  /// Calibration samples; nil where the method looks at none.
  public internal(set) var samples: Int?
  /// Tokens of a sample.
  public internal(set) var sampleLength: Int?
  /// How the calibration text became tokens.
  public internal(set) var calibrationText: TextProtocol?
  /// How the samples' hidden states were stored from block to block.
  public internal(set) var calibrationStates: ElementType?
  /// The kernel that computed.
  public internal(set) var kernel = Kernel.current.rawValue
  /// Zeros among the weights of the blocks' linears.
  public internal(set) var sparsity = 0.0
  /// The perplexity before pruning, where a text to measure on was given.
  public internal(set) var densePerplexity: Double?
  /// The perplexity after it.
  public internal(set) var prunedPerplexity: Double?
  /// What the perplexities were measured on.
  public internal(set) var evaluation: Evaluation?
  /// How the sparsity was shared.
  public internal(set) var allocation = AllocationRecord()
  /// What became of every block.
  public internal(set) var blocks: [BlockRecord] = []
  /// SHA-256 of every file by its role and name.
  package internal(set) var hashes = FileHashes()

  /// What perplexities were measured on.
  public struct Evaluation: Equatable, Sendable {
    /// Tokens that were predicted.
    public internal(set) var tokens = 0
    /// Windows.
    public internal(set) var windows = 0
    /// Tokens of a window.
    public internal(set) var sequenceLength = 0
    /// How the text became tokens.
    public internal(set) var text: TextProtocol?
    /// Mean negative log-likelihood of each window before pruning; empty in records of versions that did not keep it.
    public internal(set) var denseWindowMeans: [Double] = []
    /// The same after it.
    public internal(set) var prunedWindowMeans: [Double] = []

    package init() {}
  }

  package init() {}

  /// Reads the record of a pruned model's directory.
  ///
  /// Throws where there is none, or it is not one.
  public init(directory: String) throws {
    try self.init(FieldReader(file: Path.join(directory, Self.fileName)))
  }

  /// Zeros among the linears of blocks.
  static func sparsity(of blocks: [BlockReport]) -> Double {
    Double(blocks.reduce(0) { $0 + $1.zeros }) / Double(blocks.reduce(0) { $0 + $1.count })
  }
}

extension PruningRecord: Record {
  package static let fields: [RecordField<PruningRecord>] = [
    RecordField("svnup", \.version, .text, isRequired: false),
    RecordField("command", \.command, FieldFormat.text.list, isRequired: false),
    RecordField {
      [("method", JSON($0.pruner.name))]
    } read: { (record, object) throws(DocumentError) in
      record.pruner = try Registries.pruners.read("method", in: object)
    },
    RecordField("pattern", \.groups, FieldFormat.groups.orNull, isRequired: false),
    // Read together with the name.
    RecordField {
      Registries.pruners.members(of: $0.pruner)
    } read: { (_, _) throws(DocumentError) in
    },
    RecordField("targets", \.targets, .word, isRequired: false),
    RecordField("sequential", \.sequencing, .word, isRequired: false),
    RecordField("weighting", \.weighting, .word, isRequired: false),
    RecordField("seed", \.seed, .integer(), isRequired: false),
    RecordField("calibrationSamples", \.samples, FieldFormat.integer().orNull, isRequired: false),
    RecordField("calibrationLength", \.sampleLength, FieldFormat.integer().orNull, isRequired: false),
    RecordField("calibrationText", \.calibrationText, FieldFormat.record.orNull, isRequired: false),
    RecordField("calibrationStates", \.calibrationStates, FieldFormat.word.orNull, isRequired: false),
    RecordField("kernel", \.kernel, .text, isRequired: false),
    RecordField("sparsity", \.sparsity, .number()),
    RecordField("densePerplexity", \.densePerplexity, FieldFormat.number().orNull, isRequired: false),
    RecordField("prunedPerplexity", \.prunedPerplexity, FieldFormat.number().orNull, isRequired: false),
    RecordField("evaluation", \.evaluation, FieldFormat.record.orNull, isRequired: false),
    RecordField("allocation", \.allocation, .record, isRequired: false),
    RecordField("blocks", \.blocks, FieldFormat.record.list),
    RecordField("sha256", \.hashes, .record, isRequired: false),
  ]
}

extension PruningRecord.Evaluation: Record {
  package static let fields: [RecordField<PruningRecord.Evaluation>] = [
    RecordField("tokens", \.tokens, .integer()), RecordField("windows", \.windows, .integer()),
    RecordField("sequenceLength", \.sequenceLength, .integer()),
    RecordField("text", \.text, FieldFormat.record.orNull, isRequired: false),
    RecordField("denseWindowNLL", \.denseWindowMeans, FieldFormat.number().list, isRequired: false),
    RecordField("prunedWindowNLL", \.prunedWindowMeans, FieldFormat.number().list, isRequired: false),
  ]

  init(_ perplexity: Perplexity, after dense: Perplexity?, _ text: TextProtocol?) {
    self.init()
    self.text = text
    denseWindowMeans = dense?.windowMeans ?? []
    prunedWindowMeans = perplexity.windowMeans
    tokens = perplexity.tokens
    windows = perplexity.windows
    sequenceLength = perplexity.sequenceLength
  }
}

extension FieldFormat where Value == SparsityPattern {
  /// N:M.
  static var groups: Self {
    Self {
      $0.groups.map { JSON($0) } ?? .null
    } read: { (field) throws(DocumentError) in
      let text = try field.text()
      guard let pattern = SparsityPattern(groups: text) else {
        throw field.failure("'\(text)' is not N:M with 0 < N < M <= \(SparsityPattern.groupLimit)")
      }
      return pattern
    }
  }
}
