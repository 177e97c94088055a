extension InstructionSet where Vector: FloatLanes, Arithmetic: MultiplyAdd {
  /// The exponential of every lane.
  ///
  /// x = n ln 2 + r with |r| <= ln 2 / 2; e^r by its Taylor polynomial of degree 7, whose first neglected term is below 6e-9 of
  /// the result; 2^n through the exponent's bits. Within 2 ulp of the exact value between -87.3 and 88.3; below that range zero,
  /// above it the value at 88.3 (2.2e38). NaN stays NaN.
  @inlinable @inline(__always)
  static func exponential(_ x: Vector) -> Vector {
    let lowest = Vector(repeating: -87.3)
    let bounded = x.larger(lowest).smaller(Vector(repeating: 88.3))
    // Adding 1.5 · 2^23 leaves an integer in the fraction's low bits: rounding to nearest without a rounding instruction.
    var shifted = Vector(repeating: 12_582_912)
    Arithmetic.accumulate(&shifted, bounded, Vector(repeating: 1.442_695_04))
    let n = shifted - Vector(repeating: 12_582_912)
    // ln 2 in two parts, the first with 9 bits so that n times it is exact.
    var r = bounded
    Arithmetic.accumulate(&r, n, Vector(repeating: -0.693_359_375))
    Arithmetic.accumulate(&r, n, Vector(repeating: 2.121_944_4e-4))
    var sum = Vector(repeating: 1 / 5040)
    sum = horner(sum, r, 1 / 720)
    sum = horner(sum, r, 1 / 120)
    sum = horner(sum, r, 1 / 24)
    sum = horner(sum, r, 1 / 6)
    sum = horner(sum, r, 0.5)
    sum = horner(sum, r, 1)
    sum = horner(sum, r, 1)
    // The magic number's bits are 0x4B400000; what is above them is n.
    let exponent = unsafeBitCast(shifted, to: Vector.Words.self) &- Vector.Words(repeating: 0x4B40_0000 - 127)
    let power = unsafeBitCast(exponent &<< Vector.Words(repeating: 23), to: Vector.self)
    return (sum * power).zeroed(where: x, isBelow: lowest).keepingNaN(of: x)
  }

  /// sum · r + constant.
  @inlinable @inline(__always)
  static func horner(_ sum: Vector, _ r: Vector, _ constant: Float) -> Vector {
    var result = Vector(repeating: constant)
    Arithmetic.accumulate(&result, sum, r)
    return result
  }

  @inlinable @inline(__always)
  package static func maximum(_ values: UnsafePointer<Float>, count: Int) -> Float {
    var most = Vector(repeating: -.infinity)
    for i in vectors(of: count) { most = most.larger(load(values + i)) }
    var result = most.largest
    for i in rest(of: count) where values[i] > result { result = values[i] }
    return result
  }

  @inlinable @inline(__always)
  package static func exponentiate(_ values: UnsafeMutablePointer<Float>, count: Int, minus shift: Float) -> Float {
    var sum = Vector.zero
    let shift = Vector(repeating: shift)
    for i in vectors(of: count) {
      let power = exponential(load(values + i) - shift)
      store(power, to: values + i)
      sum += power
    }
    let rest = rest(of: count)
    guard !rest.isEmpty else { return sum.total }
    let last = values + rest.lowerBound
    let power = exponential(partial(last, rest.count, padding: -.infinity) - shift)
    storePartial(power, to: last, rest.count)
    return (sum + power).total
  }

  @inlinable @inline(__always)
  package static func softmaxStep(
    _ scores: MutableRows, maxima: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Float>,
    corrections: UnsafeMutablePointer<Float>
  ) {
    let (keys, bytes) = (scores.rows, 4 &* scores.stride)
    for j in vectors(of: scores.columns) {
      let column = UnsafeMutableRawPointer(scores.first + j)
      let before = load(maxima + j)
      var most = before
      for p in 0..<keys { most = most.larger(column.loadUnaligned(fromByteOffset: p &* bytes, as: Vector.self)) }
      var sum = Vector.zero
      var correction = Vector.zero
      // The round after the last key is the correction's: the exponential is inlined where it is written once.
      for p in 0...keys {
        let offset = p &* bytes
        let x = p < keys ? column.loadUnaligned(fromByteOffset: offset, as: Vector.self) : before
        let power = exponential(x - most)
        if p < keys {
          column.storeBytes(of: power, toByteOffset: offset, as: Vector.self)
          sum += power
        } else {
          correction = power
        }
      }
      Arithmetic.accumulate(&sum, load(sums + j), correction)
      store(most, to: maxima + j)
      store(sum, to: sums + j)
      store(correction, to: corrections + j)
    }
  }

  @inlinable @inline(__always)
  package static func gatedSiLU(gate: UnsafeMutablePointer<Float>, up: UnsafePointer<Float>, count: Int) {
    for i in vectors(of: count) { store(silu(load(gate + i), times: load(up + i)), to: gate + i) }
    let rest = rest(of: count)
    guard !rest.isEmpty else { return }
    let (x, y) = (gate + rest.lowerBound, up + rest.lowerBound)
    storePartial(silu(partial(x, rest.count, padding: 0), times: partial(y, rest.count, padding: 0)), to: x, rest.count)
  }

  @inlinable @inline(__always)
  static func silu(_ x: Vector, times up: Vector) -> Vector {
    x / (Vector(repeating: 1) + exponential(Vector.zero - x)) * up
  }

  /// The first `count` lanes from memory, the others padding.
  @inlinable @inline(__always)
  static func partial(_ values: UnsafePointer<Float>, _ count: Int, padding: Float) -> Vector {
    var vector = Vector(repeating: padding)
    for lane in 0..<count { vector[lane] = values[lane] }
    return vector
  }

  @inlinable @inline(__always)
  static func storePartial(_ vector: Vector, to values: UnsafeMutablePointer<Float>, _ count: Int) {
    for lane in 0..<count { values[lane] = vector[lane] }
  }
}
