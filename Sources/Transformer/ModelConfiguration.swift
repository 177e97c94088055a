import Support
import Tensor

/// What the configuration of every architecture tells.
protocol ModelConfiguration: Sendable {
  var sizes: ModelSizes { get }
  /// The linears of every block in the order of the modules in Hugging Face's implementation; those in one row share their
  /// inputs.
  ///
  /// The last linear of attention and that of the MLP add to the hidden states.
  var linears: [[LinearLayout]] { get }
  /// Whether every query and key head is normalised.
  var normalizesHeads: Bool { get }

  /// Reads the weights; `progress` is told the blocks read and their number.
  func load(
    _ reader: WeightReader, _ progress: ((_ completed: Int, _ total: Int) -> Void)?
  ) throws(ModelError) -> any CausalLM
}

extension ModelConfiguration {
  var normalizesHeads: Bool { false }
}

/// The sizes that every architecture has.
struct ModelSizes: Sendable {
  /// Number of blocks.
  let blockCount: Int
  /// Columns of the hidden states.
  let hiddenSize: Int
  /// Columns of the embedding table and of the head.
  let embeddingSize: Int
  /// Entries of the vocabulary.
  let vocabularySize: Int
  /// Tokens that a sequence may have: never more than the attention's window, where it has one.
  var maximumPositions: Int
  /// Heads of the attention.
  let attention: AttentionShape
  /// Whether the head is the embedding table.
  let isTied: Bool

  /// Reads what all architectures call by the same names; nil stands for as many key/value heads as there are heads, for heads
  /// that share the hidden size among them, and for an embedding table as wide as the hidden states.
  init(
    _ json: FieldReader, keyValueHeads: Int? = nil, headDimension: Int? = nil, embeddingSize: Int? = nil,
    positions: Int, isTied: Bool
  ) throws(DocumentError) {
    hiddenSize = try json.size("hidden_size")
    let heads = try json.size("num_attention_heads")
    guard headDimension != nil || hiddenSize % heads == 0 else {
      throw json.failure("\(heads) does not divide hidden_size \(hiddenSize)", at: "num_attention_heads")
    }
    attention = AttentionShape(
      heads: heads, keyValueHeads: keyValueHeads ?? heads, headDimension: headDimension ?? hiddenSize / heads)
    guard heads % attention.keyValueHeads == 0 else {
      throw json.failure(
        "\(attention.keyValueHeads) does not divide the \(heads) attention heads", at: "num_key_value_heads")
    }
    self.embeddingSize = embeddingSize ?? hiddenSize
    blockCount = try json.size("num_hidden_layers", limit: 1 << 16)
    vocabularySize = try json.size("vocab_size")
    maximumPositions = try json.size("max_position_embeddings", default: positions, limit: 1 << 31)
    self.isTied = try json.flag("tie_word_embeddings", default: isTied)
  }
}

extension FieldReader {
  /// A member that is a size: a whole number from 1 to `limit`; `fallback`, where there is one, if it is missing or null.
  ///
  /// The limits keep the products of two sizes within 64 bits.
  func size(_ name: String, default fallback: Int? = nil, limit: Int = 1 << 24) throws(DocumentError) -> Int {
    guard let size = try optionalSize(name, limit: limit) ?? fallback else { throw failure("it is missing", at: name) }
    return size
  }

  /// A member that is a size; nil if it is missing or null.
  func optionalSize(_ name: String, limit: Int = 1 << 24) throws(DocumentError) -> Int? {
    try optional(name)?.integer(in: 1...limit)
  }

  /// Throws unless a member, where it is there, has the only value that is implemented.
  func require(_ name: String, _ supported: String...) throws(DocumentError) {
    guard let field = optional(name) else { return }
    let text = try field.text()
    if !supported.contains(text) {
      throw field.unsupported(field.quoted, supported: supported.joined(separator: ", "))
    }
  }

  /// The text here in quotation marks, or what else there is.
  var quoted: String { json.text.map { "'\($0)'" } ?? json.kind }
}
