import Support
import Tensor

/// How many times as fast the products by a weight are without its zeros, over the fraction of zeros, which lie at random.
public struct BreakEvenCurve: Sendable {
  /// Outputs of the weight.
  public let rows: Int
  /// Inputs of the weight.
  public let columns: Int
  /// How its elements are stored.
  public let elementType: ElementType
  /// The fractions that were measured, in rising order.
  public let points: [Point]

  /// The gains at one fraction of zeros: above 1, leaving them out is faster.
  public struct Point: Sendable {
    /// Zeros among the weight's elements.
    public let zeros: Double
    /// For a text that is written, token by token.
    public let text: Double
    /// For a prompt or a perplexity, `promptTokens` tokens at a time.
    public let prompt: Double

    package init(zeros: Double, text: Double, prompt: Double) {
      (self.zeros, self.text, self.prompt) = (zeros, text, prompt)
    }
  }

  package init(rows: Int, columns: Int, _ elementType: ElementType, _ points: [Point]) {
    (self.rows, self.columns, self.elementType, self.points) = (rows, columns, elementType, points)
  }

  /// Tokens that are multiplied at a time where many are.
  public static let promptTokens = 512
  /// The fractions of zeros.
  public static let fractions = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]

  /// The fraction at which a use breaks even, between the last point below 1 and the first one from which on all are above; nil where the
  /// last point is not.
  public func breakEven(_ gain: (Point) -> Double) -> Double? {
    guard let last = points.last, gain(last) >= 1 else { return nil }
    guard let below = points.lastIndex(where: { gain($0) < 1 }) else { return points.first?.zeros }
    let (left, right) = (points[below], points[below + 1])
    return left.zeros + (right.zeros - left.zeros) * (1 - gain(left)) / (gain(right) - gain(left))
  }

  /// Bytes that are read in turn for a token, as far as the weight is smaller: no cache keeps them from one pass to the next.
  private static let passBytes = 192 << 20
  private static let rounds = 5

  /// Weights of so many bytes that are read in turn.
  static func copies(weightBytes: Int, modelBytes: Int) -> Int {
    max(1, min(passBytes, modelBytes) / max(1, weightBytes))
  }

  /// Measures on weights of the shape and the type of one, with random elements.
  ///
  /// - Parameter modelBytes: bytes of the model's linears: if there are fewer, a token reads no more.
  init(like weight: StoredMatrix, modelBytes: Int, progress: (Int, Int) -> Void) {
    (rows, columns, elementType) = (weight.rows, weight.columns, weight.elementType)
    let copies = Self.copies(weightBytes: weight.byteCount, modelBytes: modelBytes)
    let (token, prompt) = (Self.random(1, columns, zeros: 0), Self.random(Self.promptTokens, columns, zeros: 0))
    points = Self.fractions.enumerated().map { index, zeros in
      defer { progress(index + 1, Self.fractions.count) }
      // The next fraction has sizes of its own.
      return MemoryPool.shared.phase {
        let matrix = Self.random(weight.rows, weight.columns, zeros: zeros)
        let dense = (0..<copies).map { _ in StoredMatrix(matrix, as: weight.elementType) }
        let sparse = dense.map { $0.compressed() }
        return Point(
          zeros: zeros, text: Self.gain(token, dense, sparse),
          prompt: Self.gain(prompt, Array(dense.prefix(1)), Array(sparse.prefix(1))))
      }
    }
  }

  /// The time of the dense products over that of the sparse ones, by medians of rounds in turns.
  private static func gain(_ x: Matrix, _ dense: [StoredMatrix], _ sparse: [StoredMatrix]) -> Double {
    var times = (dense: [Double](), sparse: [Double]())
    for round in 0...rounds {
      let denseTime = clocked { for weight in dense { _ = matmul(x, transposed: weight) } }
      let sparseTime = clocked { for weight in sparse { _ = matmul(x, transposed: weight) } }
      // The first one warms up.
      guard round > 0 else { continue }
      times.dense.append(denseTime)
      times.sparse.append(sparseTime)
    }
    return times.dense.median / max(times.sparse.median, 1e-9)
  }

  /// Elements between -1 and 1 of which a fraction is zero.
  private static func random(_ rows: Int, _ columns: Int, zeros: Double) -> Matrix {
    var generator = SeededGenerator(seed: 0)
    let bound = UInt32(zeros * 0x1p32)
    return Matrix(
      rows: rows, columns: columns,
      elements: (0..<rows * columns).map { _ in
        let bits = generator.next()
        return UInt32(truncatingIfNeeded: bits) < bound ? 0 : Float(Int32(truncatingIfNeeded: bits >> 32)) * 0x1p-31
      })
  }
}
