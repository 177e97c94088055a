import Support

/// A symmetric tridiagonal matrix.
struct Tridiagonal {
  var diagonal: [Double]
  /// Element i is the one beside elements i and i + 1 of the diagonal.
  var offDiagonal: [Double]

  /// Steps for one eigenvalue after which it is given up; two or three are usual.
  private static let stepLimit = 100

  /// Replaces the diagonal by the eigenvalues, in no order, by QL steps with Wilkinson's shift.
  ///
  /// O(n²). Throws `EigenvalueError.noConvergence`.
  ///
  /// - Precondition: no element is above the order of n in magnitude, so that no square overflows.
  mutating func diagonalize() throws(EigenvalueError) {
    for first in diagonal.indices {
      var steps = 0
      while let last = endOfBlock(from: first) {
        guard steps < Self.stepLimit else { throw .noConvergence }
        steps += 1
        step(first, last)
      }
    }
  }

  /// The last index of the unreduced block that begins at an index; nil where it begins and ends there.
  ///
  /// An element off the diagonal is nothing where it is below the rounding of its neighbours, or so small that its square
  /// would not be told from zero.
  private func endOfBlock(from first: Int) -> Int? {
    var last = first
    while last < offDiagonal.count {
      let size = offDiagonal[last].magnitude
      if size <= 0x1p-53 * (diagonal[last].magnitude + diagonal[last + 1].magnitude) || size <= 0x1p-300 { break }
      last += 1
    }
    return last == first ? nil : last
  }

  /// One implicit QL step on an unreduced block: rotations from its end to its beginning chase the element that the first of them
  /// puts beside the band.
  private mutating func step(_ first: Int, _ last: Int) {
    // Wilkinson's shift: the eigenvalue of the leading two rows that is nearer to the first of the diagonal.
    let half = (diagonal[first + 1] - diagonal[first]) / (2 * offDiagonal[first])
    let root = (half * half + 1).squareRoot()
    let shift = diagonal[first] - offDiagonal[first] / (half + (half < 0 ? -root : root))
    var (cosine, sine, moved) = (1.0, 1.0, 0.0)
    var bulge = diagonal[last] - shift
    for i in (first..<last).reversed() {
      let (outside, beside) = (sine * offDiagonal[i], cosine * offDiagonal[i])
      let length = (outside * outside + bulge * bulge).squareRoot()
      if i + 1 < last { offDiagonal[i + 1] = length }
      guard length > 0 else {
        // The block falls apart here.
        diagonal[i + 1] -= moved
        return
      }
      (sine, cosine) = (outside / length, bulge / length)
      let corner = diagonal[i + 1] - moved
      let turned = (diagonal[i] - corner) * sine + 2 * cosine * beside
      moved = sine * turned
      diagonal[i + 1] = corner + moved
      bulge = cosine * turned - beside
    }
    diagonal[first] -= moved
    offDiagonal[first] = bulge
    if last < offDiagonal.count { offDiagonal[last] = 0 }
  }
}

/// The reduction of a full symmetric matrix to a tridiagonal one with the same eigenvalues, in the matrix's memory.
///
/// Reflection k acts on the rows behind k. What it subtracts from a row is subtracted when the row is next read, to be multiplied by
/// reflection k + 1: the matrix passes through the processor once for each reflection, not twice, which is what the time goes
/// into once it exceeds the caches. Both triangles are kept, so a product by the matrix is a dot product for every row,
/// one thread's alone.
struct HouseholderTridiagonalization {
  private typealias Vector = SymmetricDoubles.Vector
  private let a: UnsafeMutablePointer<Double>
  private let n: Int
  private let stride: Int

  /// - Precondition: what pads the rows is zero.
  init(_ elements: UnsafeMutablePointer<Double>, _ count: Int, _ stride: Int) {
    (a, n, self.stride) = (elements, count, stride)
  }

  /// Elements of the matrix that a thread has to do for waking it to pay.
  private static let worthwhile = 1 << 15

  func run() -> Tridiagonal {
    var result = Tridiagonal(
      diagonal: Array(repeating: 0, count: n), offDiagonal: Array(repeating: 0, count: max(0, n - 1)))
    // The reflection's vector v, its w with A - v wᵀ - w vᵀ the reflected matrix, the next vector, and its products.
    let vectors = AlignedStorage(byteCount: 4 * 8 * stride)
    vectors.bytes.initializeMemory(as: UInt8.self, repeating: 0)
    let memory = vectors.pointer.assumingMemoryBound(to: Double.self)
    var (v, next) = (memory, memory + stride)
    let (w, products) = (memory + 2 * stride, memory + 3 * stride)
    for k in 0..<n {
      let row = a + k * stride
      subtract(from: row, k, v, w, from: k)
      result.diagonal[k] = row[k]
      guard k + 1 < n else { break }
      let (factor, beside) = reflection(of: row, behind: k, into: next)
      result.offDiagonal[k] = beside
      let rest = n - k - 1
      Parallel.forEachRange(
        rest, grain: max(1, Self.worthwhile / 4 / rest),
        threads: rest * rest < Self.worthwhile ? 1 : Parallel.threadCount
      ) { range in
        for i in k + 1 + range.lowerBound..<k + 1 + range.upperBound {
          products[i] = subtract(from: a + i * stride, i, v, w, from: k + 1, times: next)
        }
      }
      // w = p - (f/2) (pᵀ v) v with p = f A v.
      var product = 0.0
      for i in k + 1..<n { product += products[i] * next[i] }
      w[k] = 0
      for i in k + 1..<n { w[i] = factor * (products[i] - factor / 2 * product * next[i]) }
      (v, next) = (next, v)
    }
    withExtendedLifetime(vectors) {}
    return result
  }

  /// Subtracts v_i wᵀ + w_i vᵀ from row i, from a column on, and returns the row's product with another vector.
  ///
  /// Begins at a whole vector: the vectors are zero in front of the column, so nothing changes there.
  @inline(__always) @discardableResult
  private func subtract(
    from row: UnsafeMutablePointer<Double>, _ i: Int, _ v: UnsafePointer<Double>, _ w: UnsafePointer<Double>,
    from column: Int, times other: UnsafePointer<Double>? = nil
  ) -> Double {
    let (vi, wi) = (v[i], w[i])
    var sum = Vector.zero
    let lanes = Vector.scalarCount
    let bytes = UnsafeMutableRawPointer(row)
    for start in Swift.stride(from: column / lanes * lanes, to: stride, by: lanes) {
      let offset = 8 &* start
      let vs = UnsafeRawPointer(v).load(fromByteOffset: offset, as: Vector.self)
      let ws = UnsafeRawPointer(w).load(fromByteOffset: offset, as: Vector.self)
      // Rounded alike for (i, j) and (j, i), so the matrix stays symmetric to the bit.
      let value = bytes.load(fromByteOffset: offset, as: Vector.self) - (vi * ws + wi * vs)
      bytes.storeBytes(of: value, toByteOffset: offset, as: Vector.self)
      if let other { sum += value * UnsafeRawPointer(other).load(fromByteOffset: offset, as: Vector.self) }
    }
    return sum.sum()
  }

  /// The vector v, with zeros up to k, and the factor f of the reflection I - f v vᵀ that leaves of row k only one element behind
  /// the diagonal, which is returned too; the factor is 0 where nothing else is there.
  private func reflection(
    of row: UnsafePointer<Double>, behind k: Int, into v: UnsafeMutablePointer<Double>
  ) -> (factor: Double, beside: Double) {
    var squares = 0.0
    for j in k + 2..<n { squares += row[j] * row[j] }
    for j in 0..<k + 1 { v[j] = 0 }
    let first = row[k + 1]
    guard squares > 0 else {
      for j in k + 1..<n { v[j] = 0 }
      return (0, first)
    }
    let length = (first * first + squares).squareRoot()
    // The sign that adds, so that nothing cancels.
    let beside = first > 0 ? -length : length
    v[k + 1] = 1
    for j in k + 2..<n { v[j] = row[j] / (first - beside) }
    return ((beside - first) / beside, beside)
  }
}
