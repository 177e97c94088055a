extension InstructionSet where Vector: FloatLanes, Arithmetic: MultiplyAdd {
  @inlinable @inline(__always)
  package static func add(_ y: UnsafePointer<Float>, count: Int, to x: UnsafeMutablePointer<Float>) {
    for i in vectors(of: count) { store(load(x + i) + load(y + i), to: x + i) }
    for i in rest(of: count) { x[i] += y[i] }
  }

  @inlinable @inline(__always)
  package static func scale(_ x: UnsafeMutablePointer<Float>, count: Int, by factor: Float) {
    let factors = Vector(repeating: factor)
    for i in vectors(of: count) { store(load(x + i) * factors, to: x + i) }
    for i in rest(of: count) { x[i] *= factor }
  }

  @inlinable @inline(__always)
  package static func clampNegative(_ x: UnsafeMutablePointer<Float>, count: Int) {
    for i in vectors(of: count) {
      let vector = load(x + i)
      store(vector.zeroed(where: vector, isBelow: Vector.zero), to: x + i)
    }
    for i in rest(of: count) where x[i] < 0 { x[i] = 0 }
  }

  /// Two cache lines of each row at a time, so that the sums stay in registers.
  @inlinable @inline(__always)
  package static func addSquares(of x: StridedView, to sums: UnsafeMutablePointer<Double>) {
    var j = 0
    while j &+ 32 <= x.columns {
      let target = UnsafeMutableRawPointer(sums + j)
      var (s0, s1) = (eightDoubles(target), eightDoubles(target + 64))
      var (s2, s3) = (eightDoubles(target + 128), eightDoubles(target + 192))
      var row = UnsafeRawPointer(x.floats + j)
      for _ in 0..<x.rows {
        let (x0, x1) = (eightWidened(row), eightWidened(row + 32))
        let (x2, x3) = (eightWidened(row + 64), eightWidened(row + 96))
        s0 += x0 * x0
        s1 += x1 * x1
        s2 += x2 * x2
        s3 += x3 * x3
        row += 4 &* x.rowStride
      }
      target.storeBytes(of: s0, as: SIMD8<Double>.self)
      target.storeBytes(of: s1, toByteOffset: 64, as: SIMD8<Double>.self)
      target.storeBytes(of: s2, toByteOffset: 128, as: SIMD8<Double>.self)
      target.storeBytes(of: s3, toByteOffset: 192, as: SIMD8<Double>.self)
      j &+= 32
    }
    while j < x.columns {
      for i in 0..<x.rows {
        let value = Double(x.floats[i &* x.rowStride &+ j])
        sums[j] += value * value
      }
      j &+= 1
    }
  }

  @inlinable @inline(__always)
  static func eightDoubles(_ address: UnsafeMutableRawPointer) -> SIMD8<Double> {
    address.loadUnaligned(as: SIMD8<Double>.self)
  }

  /// Lane by lane, which LLVM makes one conversion; the standard library's is a function of its own, which a thin target must not
  /// need.
  @inlinable @inline(__always)
  static func eightWidened(_ address: UnsafeRawPointer) -> SIMD8<Double> {
    let x = address.loadUnaligned(as: SIMD8<Float>.self)
    return SIMD8(
      Double(x[0]), Double(x[1]), Double(x[2]), Double(x[3]), Double(x[4]), Double(x[5]), Double(x[6]), Double(x[7]))
  }

  @inlinable @inline(__always)
  package static func rmsNormalize(
    _ x: UnsafePointer<Float>, weight: UnsafePointer<Float>, epsilon: Float, count: Int,
    out: UnsafeMutablePointer<Float>
  ) {
    let squares = sumOfSquares(x, count, minus: 0)
    let factor = 1 / (squares / Float(count) + epsilon).squareRoot()
    let factors = Vector(repeating: factor)
    for i in vectors(of: count) { store(load(weight + i) * (load(x + i) * factors), to: out + i) }
    for i in rest(of: count) { out[i] = weight[i] * (x[i] * factor) }
  }

  @inlinable @inline(__always)
  package static func layerNormalize(
    _ x: UnsafePointer<Float>, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>, epsilon: Float, count: Int,
    out: UnsafeMutablePointer<Float>
  ) {
    let mean = sum(x, count) / Float(count)
    let variance = sumOfSquares(x, count, minus: mean) / Float(count)
    let factor = 1 / (variance + epsilon).squareRoot()
    let (means, factors) = (Vector(repeating: mean), Vector(repeating: factor))
    for i in vectors(of: count) {
      store((load(x + i) - means) * factors * load(weight + i) + load(bias + i), to: out + i)
    }
    for i in rest(of: count) { out[i] = (x[i] - mean) * factor * weight[i] + bias[i] }
  }

  @inlinable @inline(__always)
  static func sum(_ x: UnsafePointer<Float>, _ count: Int) -> Float {
    var sum = Vector.zero
    for i in vectors(of: count) { sum += load(x + i) }
    let rest = rest(of: count)
    return (sum + partial(x + rest.lowerBound, rest.count, padding: 0)).total
  }

  /// Σ (x - shift)²; padding with the shift adds nothing.
  @inlinable @inline(__always)
  static func sumOfSquares(_ x: UnsafePointer<Float>, _ count: Int, minus shift: Float) -> Float {
    let shifts = Vector(repeating: shift)
    var sum = Vector.zero
    for i in vectors(of: count) {
      let distance = load(x + i) - shifts
      Arithmetic.accumulate(&sum, distance, distance)
    }
    let rest = rest(of: count)
    let distance = partial(x + rest.lowerBound, rest.count, padding: shift) - shifts
    Arithmetic.accumulate(&sum, distance, distance)
    return sum.total
  }

  @inlinable @inline(__always)
  package static func rotatePairs(
    _ x: UnsafeMutablePointer<Float>, half: Int, cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>,
    direction: Float
  ) {
    let y = x + half
    let directions = Vector(repeating: direction)
    for j in vectors(of: half) {
      let (a, b, c, s) = (load(x + j), load(y + j), load(cosines + j), load(sines + j) * directions)
      store(a * c - b * s, to: x + j)
      store(b * c + a * s, to: y + j)
    }
    for j in rest(of: half) {
      let (a, b, c, s) = (x[j], y[j], cosines[j], sines[j] * direction)
      x[j] = a * c - b * s
      y[j] = b * c + a * s
    }
  }
}
