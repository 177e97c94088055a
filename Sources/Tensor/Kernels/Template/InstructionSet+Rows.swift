extension InstructionSet where Vector: FloatLanes, Arithmetic: MultiplyAdd {
  @inlinable @inline(__always)
  package static func add(_ y: UnsafePointer<Float>, count: Int, to x: UnsafeMutablePointer<Float>) {
    var i = 0
    while i &+ Vector.scalarCount <= count {
      let target = UnsafeMutableRawPointer(x + i)
      let sum = target.loadUnaligned(as: Vector.self) + UnsafeRawPointer(y + i).loadUnaligned(as: Vector.self)
      target.storeBytes(of: sum, as: Vector.self)
      i &+= Vector.scalarCount
    }
    while i < count {
      x[i] += y[i]
      i &+= 1
    }
  }

  @inlinable @inline(__always)
  package static func scale(_ x: UnsafeMutablePointer<Float>, count: Int, by factor: Float) {
    let factors = Vector(repeating: factor)
    var i = 0
    while i &+ Vector.scalarCount <= count {
      let target = UnsafeMutableRawPointer(x + i)
      target.storeBytes(of: target.loadUnaligned(as: Vector.self) * factors, as: Vector.self)
      i &+= Vector.scalarCount
    }
    while i < count {
      x[i] *= factor
      i &+= 1
    }
  }

  @inlinable @inline(__always)
  package static func clampNegative(_ x: UnsafeMutablePointer<Float>, count: Int) {
    var i = 0
    while i &+ Vector.scalarCount <= count {
      let target = UnsafeMutableRawPointer(x + i)
      let vector = target.loadUnaligned(as: Vector.self)
      target.storeBytes(of: vector.zeroed(where: vector, isBelow: Vector.zero), as: Vector.self)
      i &+= Vector.scalarCount
    }
    while i < count {
      if x[i] < 0 { x[i] = 0 }
      i &+= 1
    }
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
    var i = 0
    while i &+ Vector.scalarCount <= count {
      let normalized = UnsafeRawPointer(x + i).loadUnaligned(as: Vector.self) * factors
      let result = UnsafeRawPointer(weight + i).loadUnaligned(as: Vector.self) * normalized
      UnsafeMutableRawPointer(out + i).storeBytes(of: result, as: Vector.self)
      i &+= Vector.scalarCount
    }
    while i < count {
      out[i] = weight[i] * (x[i] * factor)
      i &+= 1
    }
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
    var i = 0
    while i &+ Vector.scalarCount <= count {
      let normalized = (UnsafeRawPointer(x + i).loadUnaligned(as: Vector.self) - means) * factors
      let result =
        normalized * UnsafeRawPointer(weight + i).loadUnaligned(as: Vector.self)
        + UnsafeRawPointer(bias + i).loadUnaligned(as: Vector.self)
      UnsafeMutableRawPointer(out + i).storeBytes(of: result, as: Vector.self)
      i &+= Vector.scalarCount
    }
    while i < count {
      out[i] = (x[i] - mean) * factor * weight[i] + bias[i]
      i &+= 1
    }
  }

  @inlinable @inline(__always)
  static func sum(_ x: UnsafePointer<Float>, _ count: Int) -> Float {
    var sum = Vector.zero
    var i = 0
    while i &+ Vector.scalarCount <= count {
      sum += UnsafeRawPointer(x + i).loadUnaligned(as: Vector.self)
      i &+= Vector.scalarCount
    }
    return (sum + partial(x + i, count &- i, padding: 0)).total
  }

  /// Σ (x - shift)²; padding with the shift adds nothing.
  @inlinable @inline(__always)
  static func sumOfSquares(_ x: UnsafePointer<Float>, _ count: Int, minus shift: Float) -> Float {
    let shifts = Vector(repeating: shift)
    var sum = Vector.zero
    var i = 0
    while i &+ Vector.scalarCount <= count {
      let distance = UnsafeRawPointer(x + i).loadUnaligned(as: Vector.self) - shifts
      Arithmetic.accumulate(&sum, distance, distance)
      i &+= Vector.scalarCount
    }
    let rest = partial(x + i, count &- i, padding: shift) - shifts
    Arithmetic.accumulate(&sum, rest, rest)
    return sum.total
  }

  @inlinable @inline(__always)
  package static func rotatePairs(
    _ x: UnsafeMutablePointer<Float>, half: Int, cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>
  ) {
    var j = 0
    while j &+ Vector.scalarCount <= half {
      let (first, second) = (UnsafeMutableRawPointer(x + j), UnsafeMutableRawPointer(x + half + j))
      let (a, b) = (first.loadUnaligned(as: Vector.self), second.loadUnaligned(as: Vector.self))
      let c = UnsafeRawPointer(cosines + j).loadUnaligned(as: Vector.self)
      let s = UnsafeRawPointer(sines + j).loadUnaligned(as: Vector.self)
      first.storeBytes(of: a * c - b * s, as: Vector.self)
      second.storeBytes(of: b * c + a * s, as: Vector.self)
      j &+= Vector.scalarCount
    }
    while j < half {
      let (a, b, c, s) = (x[j], x[half &+ j], cosines[j], sines[j])
      x[j] = a * c - b * s
      x[half &+ j] = b * c + a * s
      j &+= 1
    }
  }
}
