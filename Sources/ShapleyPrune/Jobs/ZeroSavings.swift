import Tensor
import Transformer

/// What the zeros of a model are worth before anything is timed: bytes, multiplications, and where leaving them out is faster.
///
///     let savings = ZeroSavings(of: result.model)
///     print(savings.packedBytes, "of", savings.denseBytes, "bytes")
public struct ZeroSavings: Sendable {
  /// The linears of a block together.
  public struct Block: Sendable, Equatable {
    /// Bytes with the zeros.
    public internal(set) var denseBytes = 0
    /// Bytes in the smallest form of each, as `svnup pack` stores it.
    public internal(set) var packedBytes = 0
  }

  /// The kernel that products run on.
  public let kernel = Kernel.current
  /// The blocks in their order.
  public private(set) var blocks: [Block] = []
  /// Linears of all blocks.
  public private(set) var linears = 0
  /// Weights of them.
  public private(set) var weights = 0
  /// Zeros among the weights.
  public private(set) var zeros = 0
  /// How the weights are stored: each type once.
  public private(set) var types: [ElementType] = []
  private var faster: [ProductUse: Int] = [:]

  /// Counts the zeros of a model's linears.
  ///
  /// O(weights).
  public init(of model: any CausalLM) {
    let modelBytes = model.linearBytes
    for block in model.blocks {
      var sum = Block()
      for role in block.roles {
        let weight = block[role].weight
        let found = weight.zeroCount
        linears += 1
        weights += weight.count
        zeros += found
        if !types.contains(weight.elementType) { types.append(weight.elementType) }
        sum.denseBytes += weight.byteCount
        sum.packedBytes += MatrixForm.leastByteCount(
          rows: weight.rows, columns: weight.columns, type: weight.elementType, kept: weight.count - found)
        for use in [ProductUse.oneToken, .manyTokens]
        where weight.isFasterWithoutZeros(for: use, zeros: found, modelBytes: modelBytes) {
          faster[use, default: 0] += 1
        }
      }
      blocks.append(sum)
    }
  }

  /// Bytes of all linears with their zeros.
  public var denseBytes: Int { blocks.reduce(0) { $0 + $1.denseBytes } }

  /// Bytes of all linears, each in its smallest form.
  public var packedBytes: Int { blocks.reduce(0) { $0 + $1.packedBytes } }

  /// The fraction of weights that is zero, whose multiplications can be left out.
  public var sparsity: Double { Double(zeros) / Double(max(1, weights)) }

  /// The fraction of zeros from which on a weight of a type is faster without them on this kernel; infinite where it never is.
  public func breakEven(_ type: ElementType, for use: ProductUse) -> Double { StoredMatrix.breakEven(type, for: use) }

  /// How many linears are faster without their zeros on this kernel, for one token or for many at a time.
  public func fasterLinears(for use: ProductUse) -> Int { faster[use] ?? 0 }
}
