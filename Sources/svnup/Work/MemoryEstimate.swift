import ShapleyPrune
import Tensor
import Transformer

/// The memory that a run will need, from the shapes of the model.
struct MemoryEstimate {
  private let model: any CausalLM
  private let length: Int

  init(_ source: ModelSource, _ model: any CausalLM) {
    self.model = model
    length = source.defaultLength
  }

  /// The weights as stored: the linears, and embeddings and norms by their share of the parameters.
  var weights: Int {
    let linears = model.blocks.reduce(0) { sum, block in sum + block.roles.reduce(0) { $0 + block[$1].weight.byteCount }
    }
    let prunable = model.blocks.reduce(0) { $0 + $1.prunableParameters }
    return linears + (model.parameterCount - prunable) * model.head.elementType.byteCount
  }

  /// The program, its libraries and the allocator before any model is read.
  private static let base = 28 << 20

  /// Activations of one strip on its way through a block, and the logits of one chunk of the vocabulary.
  private var strip: Int {
    let rows = max(TokenBatch.stripRows / length, 1) * length
    return 4 * rows * (6 * model.hiddenSize + 3 * widest) + 4 * 1024 * min(model.vocabularySize, 4096)
  }

  /// The most inputs or outputs of a linear.
  private var widest: Int {
    model.blocks.first.map { block in block.roles.reduce(0) { max($0, block[$1].weight.rows, block[$1].weight.columns) }
    } ?? 0
  }

  /// `svnup perplexity` with the default sequence length.
  var perplexity: Int { Self.base + weights + strip }

  /// `svnup prune --method sparsegpt` with 128 samples: the samples' hidden states twice, and once more for what the allocator
  /// keeps of freed ones; the sums of one block's inputs; one linear in Float with its Hessian, factor and inverse.
  var sparseGPT: Int {
    guard let block = model.blocks.first else { return perplexity }
    let inputs = Set(block.roles.map { block[$0].weight.columns })
    let grams = inputs.reduce(0) { $0 + 4 * $1 * $1 } + 8 * model.hiddenSize * model.hiddenSize
    let largest = inputs.max() ?? 0
    let linear = block.roles.reduce(0) { max($0, block[$1].weight.count) }
    return perplexity + 3 * 4 * 128 * length * model.hiddenSize + grams + 4 * 4 * largest * largest + 3 * 4
      * linear
  }
}
