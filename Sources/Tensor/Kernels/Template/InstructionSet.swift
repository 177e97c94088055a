/// Every innermost loop of the program, once.
///
/// The default implementations below are templates over a vector and a way to multiply and add. A conforming type picks both; the
/// target in which it conforms decides for which processors the compiler may write instructions. So one source becomes SSE, AVX2,
/// AVX-512 and NEON code in one binary, and a caller picks a set at run time.
///
/// Two rules keep AVX code out of everybody else's way: each default implementation and all it calls is `@inlinable
/// @inline(__always)`, so that a conforming target's object holds nothing but its own witnesses; and nothing here has a closure or
/// a generic function that would have to exist by itself.
///
/// All pointers are to row-major floats unless said otherwise, and all counts are of elements.
@usableFromInline
package protocol InstructionSet: Sendable {
  /// What one instruction works on, one of `FloatLanes`.
  ///
  /// What it conforms to is said where the templates are and not here: a constraint would make the compiler emit code into every
  /// conforming target that looks the conformance up, under a name that several targets share.
  associatedtype Vector
  /// How products are added, one of `MultiplyAdd`.
  associatedtype Arithmetic
  /// The upper rows of a product's tile, one of `AccumulatorTile`.
  associatedtype UpperTile
  /// The rows below them: at most as many.
  associatedtype LowerTile

  /// Rows of a product's tile.
  static var tileRows: Int { get }
  /// Columns of a product's tile: two vectors.
  static var tileColumns: Int { get }

  // MARK: Products

  /// C[rows, columns] = A · B, or C += where `accumulate` is set.
  ///
  /// - `a`: element (i, p) at p · `aStride` + i, readable up to row `tileRows` - 1.
  /// - `b`: element (p, j) at p · `tileColumns` + j, aligned to a vector.
  /// - `c`: `stride` floats from row to row; only `rows` × `columns` of the tile are stored. With `accumulate` false it is never
  ///   read, so NaN in it does not survive.
  /// - `edge`: tileRows · tileColumns floats, through which a tile passes that sticks out.
  /// - `next`: what a later call reads; `depth` / `stepsPerLine` lines of 64 bytes from there are fetched meanwhile.
  /// - Each element is summed over depth in order, whatever the tile's position and height: results do not depend on the
  ///   blocking of rows and columns.
  static func multiply(
    depth: Int, a: UnsafePointer<Float>, aStride: Int, b: UnsafePointer<Float>, c: UnsafeMutablePointer<Float>,
    stride: Int, rows: Int, columns: Int, accumulate: Bool, edge: UnsafeMutablePointer<Float>, next: UnsafeRawPointer)

  /// Y[i, j] = Σ over p of X[i, p] · W[j, p], or Y += where `accumulate` is set: a product of few rows, which reads W once and in
  /// place.
  ///
  /// - `x`: (rows, depth), `xStride` apart.
  /// - `w`: (outputs, depth) of `weight`'s elements, `wStride` elements apart.
  static func dotProducts(
    depth: Int, x: UnsafePointer<Float>, xStride: Int, rows: Int, w: UnsafeRawPointer, weight: StoredType, wStride: Int,
    outputs: Int, y: UnsafeMutablePointer<Float>, yStride: Int, accumulate: Bool)

  /// out[j] = Σ over i of weights[i] · rows[i, j] for j in 0..<columns.
  static func weightedSum(
    weights: UnsafePointer<Float>, count: Int, rows: UnsafePointer<Float>, stride: Int, columns: Int,
    out: UnsafeMutablePointer<Float>)

  /// y -= Σ over s of coefficients[s] · x[s], in as many lanes as a `LaneTile` has.
  ///
  /// - `x`: (depth, 32), aligned; `y`: 32 floats, aligned.
  static func subtractCombination(
    from y: UnsafeMutablePointer<Float>, of x: UnsafePointer<Float>, depth: Int, coefficients: UnsafePointer<Float>)

  // MARK: Packing

  /// Panel[p · width + o] = scale · source[o, p] for o in 0..<outer and p in 0..<depth; zeros for o from `outer` to `width`.
  ///
  /// - `source`: element (o, p) at o · `outerStride` + p · `depthStride`, one of the strides being 1.
  static func pack(
    source: UnsafeRawPointer, type: StoredType, outer: Int, outerStride: Int, depth: Int, depthStride: Int, width: Int,
    scale: Float, panel: UnsafeMutablePointer<Float>)

  /// Widens `count` elements.
  static func widen(
    source: UnsafeRawPointer, type: StoredType, count: Int, target: UnsafeMutablePointer<Float>)

  // MARK: Exponentials

  /// The largest of `count` elements, NaN apart; -infinity where there are none.
  static func maximum(_ values: UnsafePointer<Float>, count: Int) -> Float

  /// Replaces x by e^(x - shift) and returns the sum of the results.
  static func exponentiate(_ values: UnsafeMutablePointer<Float>, count: Int, minus shift: Float) -> Float

  /// One step of a running softmax down the columns of scores, (keys, columns): replaces x by e^(x - m) for the largest m of its
  /// column so far.
  ///
  /// - `columns`: a multiple of the vector's lanes.
  /// - `maxima`, `sums`: of each column before and after.
  /// - `corrections`: by what earlier results of a column must be multiplied.
  static func softmaxStep(
    scores: UnsafeMutablePointer<Float>, keys: Int, stride: Int, columns: Int, maxima: UnsafeMutablePointer<Float>,
    sums: UnsafeMutablePointer<Float>, corrections: UnsafeMutablePointer<Float>)

  /// Gate = gate / (1 + e^-gate) · up.
  static func gatedSiLU(gate: UnsafeMutablePointer<Float>, up: UnsafePointer<Float>, count: Int)

  // MARK: Rows

  /// x += y.
  static func add(_ y: UnsafePointer<Float>, count: Int, to x: UnsafeMutablePointer<Float>)

  /// x *= factor.
  static func scale(_ x: UnsafeMutablePointer<Float>, count: Int, by factor: Float)

  /// x = max(x, 0); NaN stays NaN.
  static func clampNegative(_ x: UnsafeMutablePointer<Float>, count: Int)

  /// Sums += Σ x² down every column of (rows, columns), row by row.
  static func addSquares(
    _ x: UnsafePointer<Float>, rows: Int, stride: Int, columns: Int, to sums: UnsafeMutablePointer<Double>)

  /// out = x / sqrt(mean(x²) + epsilon) · weight.
  static func rmsNormalize(
    _ x: UnsafePointer<Float>, weight: UnsafePointer<Float>, epsilon: Float, count: Int,
    out: UnsafeMutablePointer<Float>)

  /// out = (x - mean) / sqrt(variance + epsilon) · weight + bias.
  static func layerNormalize(
    _ x: UnsafePointer<Float>, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>, epsilon: Float, count: Int,
    out: UnsafeMutablePointer<Float>)

  /// Turns the pairs (x[j], x[j + half]) by the angles whose cosines and sines are given, half of each.
  static func rotatePairs(
    _ x: UnsafeMutablePointer<Float>, half: Int, cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>)

  // MARK: The machine

  /// Multiplies and adds in registers, `iterations` times 2 · `tileRows` · `tileColumns` operations, and writes as many results
  /// as there are accumulators, so that nothing can be left out.
  static func multiplyAddProbe(iterations: Int, results: UnsafeMutablePointer<Float>)

  /// The sum of `count` floats, less a rest that does not fill four vectors, with all loads independent: what reading costs.
  static func readProbe(_ values: UnsafePointer<Float>, count: Int) -> Float
}

/// How a kernel finds its weights stored.
@frozen @usableFromInline
package enum StoredType: Sendable {
  case float32
  case float16
  case bfloat16
}

extension InstructionSet where Vector: FloatLanes, Arithmetic: MultiplyAdd {
  @inlinable @inline(__always)
  package static var tileColumns: Int { 2 * Vector.scalarCount }
}
