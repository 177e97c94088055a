import Tensor

extension ModelDirectory {
  /// An architecture that is implemented: what it reads of `config.json`, and the model that follows from it.
  ///
  /// A new one is a file in this folder and a line in `allCases`.
  public struct Architecture: RawRepresentable, Hashable, CaseIterable, Sendable {
    /// The architectures in the order in which messages list them.
    public static let allCases: [Architecture] = [.llama, .mistral, .qwen2, .qwen3, .opt]

    /// Its `model_type`, such as llama.
    public let rawValue: String
    /// Reads the configuration; throws where a field has the wrong form or asks for what is not implemented.
    let configuration: @Sendable (Configuration) throws(ModelError) -> any ModelConfiguration
  }
}

extension ModelDirectory.Architecture {
  /// The architecture of a `model_type`, or nil where it is not implemented.
  public init?(rawValue: String) {
    guard let known = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = known
  }
}

/// What the configuration of every architecture tells.
protocol ModelConfiguration: Sendable {
  /// Number of blocks.
  var blockCount: Int { get }
  /// Columns of the hidden states.
  var hiddenSize: Int { get }
  /// Columns of the embedding table and of the head.
  var embeddingSize: Int { get }
  /// Entries of the vocabulary.
  var vocabularySize: Int { get }
  /// Tokens that a sequence may have.
  var maximumPositions: Int { get }
  /// Heads of the attention.
  var attention: AttentionShape { get }
  /// Whether the head is the embedding table.
  var isTied: Bool { get }
  /// The linears of every block in the order of the modules in Hugging Face's implementation; those in one row share their
  /// inputs.
  ///
  /// The last linear of attention and that of the MLP add to the hidden states.
  var linears: [[LinearLayout]] { get }

  /// Reads the weights; `progress` is told the blocks read and their number.
  func load(
    _ reader: WeightReader, _ progress: ((_ completed: Int, _ total: Int) -> Void)?
  ) throws(ModelError) -> any CausalLM
}
