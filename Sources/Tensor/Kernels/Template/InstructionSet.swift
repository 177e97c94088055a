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
/// All pointers are to row-major floats unless said otherwise, and all counts are of elements. Where a view is called one of floats,
/// its type is `float32` and its columns lie side by side.
@usableFromInline
package protocol InstructionSet: Sendable {
  /// What one instruction works on, one of `FloatLanes`.
  ///
  /// What it conforms to is said where the templates are and not here: a constraint would make the compiler emit code into every
  /// conforming target that looks the conformance up, under a name that several targets share.
  associatedtype Vector
  /// How products are added, one of `MultiplyAdd`.
  associatedtype Arithmetic
  /// The upper rows of a product's tile, a `Tile`.
  associatedtype UpperTile
  /// The rows below them: at most as many.
  associatedtype LowerTile
  /// How a vector is made from the elements that a bitmap keeps, a `BitmapExpansion`.
  associatedtype Expansion

  /// Rows of a product's tile.
  static var tileRows: Int { get }
  /// Columns of a product's tile: two vectors.
  static var tileColumns: Int { get }

  // MARK: Products

  /// C = A · Bᵀ, or C += where `accumulate` is set.
  ///
  /// - `a`: readable up to row `tileRows` - 1.
  /// - `b`: `tileColumns` rows at that stride, aligned to a vector, for the depth of `a`.
  /// - `c`: at most a tile. With `accumulate` false it is never read, so NaN in it does not survive.
  /// - `edge`: tileRows · tileColumns floats, through which a tile passes that sticks out.
  /// - `next`: what a later call reads; `depth` / `stepsPerLine` lines of 64 bytes from there are fetched meanwhile.
  /// - Each element is summed over depth in order, whatever the tile's position and height: results do not depend on the
  ///   blocking of rows and columns.
  static func multiply(
    _ a: Panel, _ b: Panel, into c: MutableRows, accumulate: Bool, edge: UnsafeMutablePointer<Float>,
    next: UnsafeRawPointer)

  /// Y = X · Wᵀ, or Y += where `accumulate` is set: a product of few rows, which reads W once and in place.
  ///
  /// - `x`: (rows of Y, depth), of floats.
  /// - `w`: (columns of Y, depth), of any type, columns side by side.
  static func dotProducts(_ x: StridedView, _ w: StridedView, into y: MutableRows, accumulate: Bool)

  /// C = W · Xᵀ, or C += as `sums` says, for some rows of a weight and all rows of X.
  ///
  /// - `w`: at most `tileRows` rows, `RowBlock.stride` floats apart; as many are readable.
  /// - `x`: a panel, as `pack` makes it, for each `tileColumns` rows of X, one behind the other; aligned to a vector. The last one may be a
  ///   single vector wide.
  /// - `c`: (`tileRows`, all panels' columns), aligned to a vector like its stride; written as far as that.
  /// - `next`: what is read after this, in whatever type; it is fetched meanwhile.
  /// - Each element is summed over depth in order.
  static func multiplyRows(
    _ w: RowBlock, by x: UnsafePointer<Float>, into c: MutableRows, accumulate: Bool, next: StridedView)

  /// out[j] = Σ over i of weights[i] · x[i, j], for a view of any type, columns side by side.
  static func weightedSum(_ weights: UnsafePointer<Float>, of x: StridedView, into out: UnsafeMutablePointer<Float>)

  /// y -= Σ over s of coefficients[s] · x[s], in as many lanes as a `LaneTile` has.
  ///
  /// - `x`: (depth, 32), aligned; `y`: 32 floats, aligned.
  static func subtractCombination(
    from y: UnsafeMutablePointer<Float>, of x: UnsafePointer<Float>, depth: Int, coefficients: UnsafePointer<Float>)

  // MARK: Sparse products

  /// Whether `sparseDotProducts` expands a vector by instructions made for it; else it is there for its results.
  static var expandsByInstruction: Bool { get }
  /// Whether that takes so few instructions for an element, as for vectors of eight and more, that elements may as well be expanded anew
  /// for every few rows of x.
  static var expandsInRegisters: Bool { get }

  /// Bytes of the table that `sparseDotProducts` reads.
  static var expansionTableByteCount: Int { get }

  /// Fills that table.
  static func fillExpansionTable(_ table: UnsafeMutableRawPointer)

  /// Y = X · Wᵀ, or Y += where `accumulate` is set, for a sparse W: a product of few rows, which reads W once and in place.
  ///
  /// - `x`: (rows of Y, depth), of floats; rows that `arrange` wrote where the type of W wants them.
  /// - `w`: (columns of Y, depth).
  /// - `table`: what `fillExpansionTable` made.
  static func sparseDotProducts(
    _ x: StridedView, _ w: SparseView, into y: MutableRows, accumulate: Bool, table: UnsafeRawPointer)

  /// Writes some columns of a sparse W's rows as floats, zeros included: a `RowBlock`.
  ///
  /// - `w`: at most `tileRows` rows.
  /// - `columns`: from a multiple of 64 on, and up to one or to the end of the rows.
  /// - `places`: for each row, the number of its elements in front of these columns, and then of those up to their end.
  /// - `table`: what `fillExpansionTable` made.
  static func expand(
    _ w: SparseView, columns: Range<Int>, places: UnsafeMutablePointer<Int>, into block: UnsafeMutablePointer<Float>,
    table: UnsafeRawPointer)

  /// Asks for all of a view.
  static func fetch(_ view: StridedView)

  /// Whether `sparseDotProducts` takes X arranged for a W of this type.
  static func arrangesActivations(for type: StoredType) -> Bool

  /// Writes a row of X so that the columns that an instruction expands apart lie apart: of each two vectors the even columns and the
  /// odd ones; those behind the last 64 columns as they are.
  static func arrange(_ x: UnsafePointer<Float>, count: Int, into out: UnsafeMutablePointer<Float>)

  /// Tokens that `addSparseProduct` takes at most: eight vectors, enough sums to hide the latency of a multiply-add.
  static var tokenTile: Int { get }

  /// Columns up to which `addSparseProduct` can list those that a row keeps before it multiplies them by up to three vectors of tokens;
  /// 0 where it cannot.
  ///
  /// A list ends once a row and block, a word of a bitmap every 64 columns, and at each end the processor may guess wrong.
  static var listedColumns: Int { get }

  /// Bytes of memory that it needs for lists.
  static var columnListByteCount: Int { get }

  /// Y += W · X for some columns of a sparse W and at most `tokenTile` tokens.
  ///
  /// - `w`: of floats.
  /// - `columns`: from a multiple of 64 on.
  /// - `places`: for each row, the number of its elements in front of these columns, and then of those up to their end.
  /// - `x`: (columns.count, tokens in whole vectors), aligned to a vector.
  /// - `y`: (rows of W, tokens), aligned to a vector like its stride; written in whole vectors.
  /// - `lists`: `columnListByteCount` bytes, or nil where nothing is to be listed, as nothing is by more columns or tokens. The sums are the same.
  /// - Each element is summed over the columns in order, whatever the number of tokens.
  static func addSparseProduct(
    _ w: SparseView, columns: Range<Int>, places: UnsafeMutablePointer<Int>, of x: UnsafePointer<Float>,
    to y: MutableRows, lists: UnsafeMutableRawPointer?)

  // MARK: Packing

  /// Panel[p · width + i] = scale · source[i, p] for each row and column of the source; zeros for i from its rows to `width`.
  static func pack(_ source: StridedView, scale: Float, width: Int, into panel: UnsafeMutablePointer<Float>)

  /// Widens `count` elements.
  static func widen(
    source: UnsafeRawPointer, type: StoredType, count: Int, target: UnsafeMutablePointer<Float>)

  // MARK: Exponentials

  /// The largest of `count` elements, NaN apart; -infinity where there are none.
  static func maximum(_ values: UnsafePointer<Float>, count: Int) -> Float

  /// Replaces x by e^(x - shift) and returns the sum of the results.
  static func exponentiate(_ values: UnsafeMutablePointer<Float>, count: Int, minus shift: Float) -> Float

  /// One step of a running softmax down the columns of scores, a key a row: replaces x by e^(x - m) for the largest m of its
  /// column so far.
  ///
  /// - `scores`: a multiple of the vector's lanes of columns.
  /// - `maxima`, `sums`: of each column before and after.
  /// - `corrections`: by what earlier results of a column must be multiplied.
  static func softmaxStep(
    _ scores: MutableRows, maxima: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Float>,
    corrections: UnsafeMutablePointer<Float>)

  /// Gate = gate / (1 + e^-gate) · up.
  static func gatedSiLU(gate: UnsafeMutablePointer<Float>, up: UnsafePointer<Float>, count: Int)

  // MARK: Rows

  /// x += y.
  static func add(_ y: UnsafePointer<Float>, count: Int, to x: UnsafeMutablePointer<Float>)

  /// x *= factor.
  static func scale(_ x: UnsafeMutablePointer<Float>, count: Int, by factor: Float)

  /// x = max(x, 0); NaN stays NaN.
  static func clampNegative(_ x: UnsafeMutablePointer<Float>, count: Int)

  /// Sums += Σ x² down every column of a view of floats, row by row.
  static func addSquares(of x: StridedView, to sums: UnsafeMutablePointer<Double>)

  /// out = x / sqrt(mean(x²) + epsilon) · weight.
  static func rmsNormalize(
    _ x: UnsafePointer<Float>, weight: UnsafePointer<Float>, epsilon: Float, count: Int,
    out: UnsafeMutablePointer<Float>)

  /// out = (x - mean) / sqrt(variance + epsilon) · weight + bias.
  static func layerNormalize(
    _ x: UnsafePointer<Float>, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>, epsilon: Float, count: Int,
    out: UnsafeMutablePointer<Float>)

  /// Turns the pairs (x[j], x[j + half]) by the angles whose cosines and sines are given, half of each: forwards for the direction 1,
  /// back for -1.
  static func rotatePairs(
    _ x: UnsafeMutablePointer<Float>, half: Int, cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>,
    direction: Float)

  // MARK: Gradients

  /// Turns the gradient at the outputs of `rmsNormalize` into that at its inputs x.
  static func rmsNormalizeGradient(
    _ gradient: UnsafeMutablePointer<Float>, at x: UnsafePointer<Float>, weight: UnsafePointer<Float>, epsilon: Float,
    count: Int)

  /// Turns the gradient at the outputs of `layerNormalize` into that at its inputs x.
  static func layerNormalizeGradient(
    _ gradient: UnsafeMutablePointer<Float>, at x: UnsafePointer<Float>, weight: UnsafePointer<Float>, epsilon: Float,
    count: Int)

  /// Replaces gate and up, the inputs of `gatedSiLU`, by the gradients at them, from that at its outputs.
  static func gatedSiLUGradient(
    gate: UnsafeMutablePointer<Float>, up: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>, count: Int)

  /// Turns the gradient at the outputs of `clampNegative`, which are given, into that at its inputs: zero where an output is.
  static func clampNegativeGradient(
    _ gradient: UnsafeMutablePointer<Float>, outputs: UnsafePointer<Float>, count: Int)

  /// From a row of a softmax to the gradient at its scores: powers become shares p = power · `normalizer`, and the gradient g at the
  /// shares becomes p (g - `mean`) `scale`.
  static func softmaxGradient(
    powers: UnsafeMutablePointer<Float>, gradient: UnsafeMutablePointer<Float>, normalizer: Float, mean: Float,
    scale: Float, count: Int)

  // MARK: The machine

  /// Multiplies and adds in registers, `iterations` times 2 · `tileRows` · `tileColumns` operations, and writes as many results
  /// as there are accumulators, so that nothing can be left out.
  static func peakMultiplyAdds(iterations: Int, results: UnsafeMutablePointer<Float>)

  /// The sum of `count` floats, less a rest that does not fill four vectors, with all loads independent: what reading costs.
  static func peakRead(_ values: UnsafePointer<Float>, count: Int) -> Float
}

extension InstructionSet where Vector: FloatLanes, Arithmetic: MultiplyAdd {
  @inlinable @inline(__always)
  package static var tileColumns: Int { 2 * Vector.scalarCount }
}
