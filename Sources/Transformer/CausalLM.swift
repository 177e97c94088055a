import Tensor

/// Sees the inputs (tokens, inputs) that the linears of the given roles share, while a block is applied.
public typealias InputObserver = (_ inputs: Matrix, _ roles: [LinearRole]) -> Void

/// One transformer block: attention and MLP, each with its norm and residual connection.
public protocol TransformerBlock: Sendable {
  /// The roles of the block's linears, in the order of the modules in Hugging Face's implementation.
  var roles: [LinearRole] { get }

  /// The roles of the linears, those that see the same inputs together, in the order of the forward pass.
  var groups: [[LinearRole]] { get }

  /// The linear of a role.
  ///
  /// - Precondition: the block has one.
  subscript(role: LinearRole) -> Linear { get set }

  /// Replaces the hidden states by the outputs of one half of the block.
  ///
  /// - Parameters:
  ///   - sublayer: the half.
  ///   - hidden: (sequences · length, hidden size).
  ///   - sequences: how many sequences the rows hold, one behind the other.
  ///   - caches: keys and values of the tokens in front of these, and then how many rows are each sequence's; attention appends those of
  ///     these. Without, sequences have one length and begin at position 0.
  ///   - observer: sees the inputs of every linear.
  func apply(
    _ sublayer: Sublayer, to hidden: inout Matrix, sequences: Int, caches: SequenceCaches?,
    observing observer: InputObserver?)

  /// Turns the gradient of a loss at the block's outputs into that at its inputs.
  ///
  /// What the block computes on the way is computed again.
  ///
  /// - Parameters:
  ///   - hidden: the block's inputs, (sequences · length, hidden size).
  ///   - gradient: in the shape of the inputs.
  ///   - sequences: how many sequences the rows hold, one behind the other; each begins at position 0.
  ///   - observer: sees every linear once, the last one first.
  func backward(
    inputs hidden: Matrix, gradient: inout Matrix, sequences: Int, observing observer: GradientObserver)
}

/// One half of a block, with its norm and its residual connection.
public enum Sublayer: String, Sendable, CaseIterable {
  /// Every token looks at those in front of it.
  case attention
  /// Every token by itself.
  case mlp
}

extension TransformerBlock {
  /// Replaces the hidden states by the block's outputs: attention, then MLP; without caches, sequences have one length and begin at position 0.
  public func apply(
    to hidden: inout Matrix, sequences: Int, caches: SequenceCaches? = nil, observing observer: InputObserver? = nil
  ) {
    for sublayer in Sublayer.allCases {
      apply(sublayer, to: &hidden, sequences: sequences, caches: caches, observing: observer)
    }
  }

  /// Weights of the block's linears: what pruning can make zero.
  public var prunableParameters: Int { roles.reduce(0) { $0 + self[$1].weight.count } }

  /// Zeros among them.
  public var prunedParameters: Int { roles.reduce(0) { $0 + self[$1].weight.zeroCount } }
}

/// A causal language model: embed, apply the blocks in turn, read off the logits.
public protocol CausalLM: Sendable {
  /// The blocks in order.
  var blocks: [any TransformerBlock] { get set }
  /// Columns of the hidden states.
  var hiddenSize: Int { get }
  /// Tokens that a sequence may have.
  var maximumPositions: Int { get }
  /// The output projection, (vocabulary size, embedding size), as stored.
  var head: StoredMatrix { get }
  /// Numbers in the checkpoint, tied ones counted once.
  var parameterCount: Int { get }

  /// The first hidden states, (tokens, hidden size), of tokens at some positions.
  ///
  /// - Precondition: every id is in the vocabulary, and there are as many positions, within `maximumPositions`.
  func embed(_ tokens: [Int], positions: [Int]) -> Matrix

  /// What the head multiplies: the last block's outputs after the final norm and projection, (tokens, embedding size).
  func headInputs(_ hidden: Matrix) -> Matrix

  /// The gradient of a loss at the last block's outputs, (tokens, hidden size), from that at what `headInputs` makes of them, (tokens,
  /// embedding size).
  func hiddenGradient(_ gradient: Matrix, at hidden: Matrix) -> Matrix
}

extension CausalLM {
  /// Entries of the vocabulary.
  public var vocabularySize: Int { head.rows }

  /// The first hidden states of sequences that begin at position 0.
  public func embed(_ tokens: TokenBatch) -> Matrix {
    embed(tokens.tokens, positions: positions(rows: tokens.tokens.count, sequences: tokens.sequences))
  }

  /// Scores of the next token, (tokens, vocabulary size).
  ///
  /// For evaluation use `negativeLogLikelihoods`, which never holds so much.
  public func logits(_ hidden: Matrix) -> Matrix { matmul(headInputs(hidden), transposed: head) }

  /// Last hidden states, (tokens, hidden size), before the final norm.
  public func hiddenStates(_ tokens: TokenBatch) -> Matrix {
    var hidden = embed(tokens)
    for block in blocks { block.apply(to: &hidden, sequences: tokens.sequences) }
    return hidden
  }
}
