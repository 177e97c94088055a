import Tensor

/// SparseGPT on 32 rows of a block of columns at once, each row in a lane of its own.
final class ColumnTile {
  /// Which weights become zero.
  enum Choice {
    /// Those whose costs are zero or below a threshold, and the first ones, row by row, of those that equal it.
    case threshold(UInt32, ties: Int)
    /// In every group of `of` columns all but the `keep` with the highest costs, after the updates by the columns
    /// before it; `keepingZeros` says that the rows of `errors` have zeros where a weight must be zero in any case.
    case groups(keep: Int, of: Int, keepingZeros: Bool)
  }

  private let width: Int
  private let squares: [Float]
  private let coefficients: Matrix
  private let weights: LaneTile
  private let errors: LaneTile
  /// For each lane the highest cost whose weight becomes zero.
  private let limits: Lanes
  /// The costs of all columns before any update, or those of a group's columns after the updates by the columns before
  /// it.
  private let costs: LaneTile
  /// -1 where a weight of the group's columns becomes zero, 0 where it stays.
  private let marks: Lanes
  /// 0 where a weight must be zero whatever its cost; filled where groups keep zeros.
  private lazy var zeros = LaneTile(columns: width, kernel: kernel)
  private let kernel: Kernel

  /// `coefficients` is the block's U, transposed; `squares` those of its diagonal.
  init(coefficients: Matrix, squares: [Float], kernel: Kernel) {
    width = squares.count
    self.kernel = kernel
    self.squares = squares
    self.coefficients = coefficients
    weights = LaneTile(columns: width, kernel: kernel)
    errors = LaneTile(columns: width, kernel: kernel)
    limits = Lanes(LaneTile(columns: 1, kernel: kernel))
    costs = LaneTile(columns: width, kernel: kernel)
    marks = Lanes(LaneTile(columns: width, kernel: kernel))
  }

  /// Prunes up to 32 rows; for a threshold, `errors` holds the costs of their weights, for groups where weights must be zero,
  /// and the errors replace them.
  ///
  /// - Returns: half the sum of the squared errors.
  func prune(
    _ w: UnsafeMutablePointer<Float>, stride: Int, rows: Int, errors e: UnsafeMutablePointer<Float>, _ choice: Choice
  ) -> Double {
    weights.loadRows(w, stride: stride, rows: rows, columns: width)
    var partial: (row: Int, column: Int)?
    var group = 1
    switch choice {
    case .threshold(let bits, let ties):
      costs.loadRows(e, stride: width, rows: rows, columns: width)
      partial = setLimits(bits, ties: ties, costs: e, rows: rows)
    case .groups(_, let of, let keepsZeros):
      group = of
      if keepsZeros { zeros.loadRows(e, stride: width, rows: rows, columns: width) }
    }
    coefficients.withElements { u in
      for start in Swift.stride(from: 0, to: width, by: group) {
        for j in start..<start + group { weights.subtract(from: j, errors, 0..<start, coefficients: u + j * width) }
        if case .groups(let keep, let of, let keepsZeros) = choice {
          markCheapest(start, keep: keep, of: of, zeros: keepsZeros ? Lanes(zeros) : nil)
        } else {
          if let partial, partial.column == start { limits[partial.row] = max(0, limits[partial.row] - 1) }
          markByLimit(start)
        }
        for j in start..<start + group {
          weights.subtract(from: j, errors, start..<j, coefficients: u + j * width)
          split(j, mark: j - start, by: u[j * width + j])
        }
      }
    }
    weights.storeRows(w, stride: stride, rows: rows, columns: width)
    errors.storeRows(e, stride: width, rows: rows, columns: width)
    return 0.5 * sumOfSquares(e, count: rows * width)
  }

  /// Sets the limits, and returns the row whose ties go up to a column only.
  private func setLimits(
    _ threshold: UInt32, ties: Int, costs: UnsafeRawPointer, rows: Int
  ) -> (row: Int, column: Int)? {
    var left = ties
    for row in 0..<LaneTile.lanes {
      // Costs are not negative, so their bits compare as signed numbers too.
      let limit = Int32(bitPattern: threshold & 0x7FFF_FFFF)
      // A cost of zero is always low enough: so is that of a weight which must stay zero.
      limits[row] = max(0, left > 0 ? limit : limit - 1)
      guard left > 0, row < rows else { continue }
      for column in 0..<width where magnitudeBits(costs, row * width + column) == threshold {
        if left == 0 {
          for other in row + 1..<max(LaneTile.lanes, row + 1) { limits[other] = max(0, limit - 1) }
          return (row, column)
        }
        left -= 1
      }
    }
    return nil
  }

  private func markByLimit(_ column: Int) {
    let costs = Lanes(costs)
    for v in 0..<Lanes.vectors {
      let goes = costs.words(column, v) & 0x7FFF_FFFF .<= limits.words(0, v)
      marks.set(0, v, Lanes.Words.zero.replacing(with: -1, where: goes))
    }
  }

  /// Marks the weights of a group with the lowest costs by their ranks: the number of columns that come before in
  /// ascending order.
  private func markCheapest(_ start: Int, keep: Int, of: Int, zeros: Lanes?) {
    let (weights, costs) = (Lanes(weights), Lanes(costs))
    for v in 0..<Lanes.vectors {
      for i in 0..<of {
        let w = weights.floats(start + i, v)
        let cost = w * w / Lanes.Floats(repeating: squares[start + i])
        var own = unsafeBitCast(cost, to: Lanes.Words.self) & 0x7FFF_FFFF
        if let zeros { own.replace(with: -1, where: zeros.words(start + i, v) .== 0) }
        costs.set(i, v, own)
        var rank = Lanes.Words.zero
        for j in 0..<i {
          // Of two columns the one with the lower cost comes first, or the left one where the costs are equal.
          let isCheaper = Lanes.Words.zero.replacing(with: 1, where: own .< costs.words(j, v))
          marks.set(j, v, marks.words(j, v) &+ isCheaper)
          rank = rank &+ (1 &- isCheaper)
        }
        marks.set(i, v, rank)
      }
      for i in 0..<of {
        var goes = marks.words(i, v) .< Lanes.Words(repeating: Int32(of - keep))
        if let zeros { goes .|= zeros.words(start + i, v) .== 0 }
        marks.set(i, v, Lanes.Words.zero.replacing(with: -1, where: goes))
      }
    }
  }

  /// Turns the marked weights of a column into errors.
  private func split(_ column: Int, mark: Int, by diagonal: Float) {
    let (weights, errors) = (Lanes(weights), Lanes(errors))
    for v in 0..<Lanes.vectors {
      let w = weights.floats(column, v)
      let goes = marks.words(mark, v)
      let error = unsafeBitCast(w / Lanes.Floats(repeating: diagonal), to: Lanes.Words.self)
      errors.set(column, v, error & goes)
      weights.set(column, v, unsafeBitCast(w, to: Lanes.Words.self) & ~goes)
    }
  }
}

/// The columns of a tile, eight lanes at a time, as floats or as their bits.
private struct Lanes {
  typealias Floats = SIMD8<Float>
  typealias Words = SIMD8<Int32>

  static let vectors = LaneTile.lanes / 8

  private let tile: LaneTile
  private let start: UnsafeMutableRawPointer

  init(_ tile: LaneTile) {
    self.tile = tile
    start = UnsafeMutableRawPointer(tile[0])
  }

  /// One lane's bits of the first column.
  subscript(lane: Int) -> Int32 {
    get { start.load(fromByteOffset: 4 * lane, as: Int32.self) }
    nonmutating set { start.storeBytes(of: newValue, toByteOffset: 4 * lane, as: Int32.self) }
  }

  @inline(__always)
  func floats(_ column: Int, _ vector: Int) -> Floats {
    start.load(fromByteOffset: offset(column, vector), as: Floats.self)
  }

  @inline(__always)
  func words(_ column: Int, _ vector: Int) -> Words {
    start.load(fromByteOffset: offset(column, vector), as: Words.self)
  }

  @inline(__always)
  func set(_ column: Int, _ vector: Int, _ words: Words) {
    start.storeBytes(of: words, toByteOffset: offset(column, vector), as: Words.self)
  }

  @inline(__always)
  private func offset(_ column: Int, _ vector: Int) -> Int { 4 * (column * LaneTile.lanes + 8 * vector) }
}

/// In Double, in four sums, so that the additions of one do not depend on those of another.
private func sumOfSquares(_ x: UnsafePointer<Float>, count: Int) -> Double {
  var sums = SIMD4<Double>()
  for i in stride(from: 0, to: count & ~3, by: 4) {
    let four = SIMD4<Double>(SIMD4(x[i], x[i + 1], x[i + 2], x[i + 3]))
    sums += four * four
  }
  for i in count & ~3..<count { sums[0] += Double(x[i]) * Double(x[i]) }
  return (sums[0] + sums[1]) + (sums[2] + sums[3])
}
