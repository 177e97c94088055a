extension InstructionSet where Vector: FloatLanes, Arithmetic: MultiplyAdd {
  /// With f = 1 / sqrt(mean(x²) + epsilon) and h = weight · gradient: f (h - x f² mean(h x)).
  @inlinable @inline(__always)
  package static func rmsNormalizeGradient(
    _ gradient: UnsafeMutablePointer<Float>, at x: UnsafePointer<Float>, weight: UnsafePointer<Float>, epsilon: Float,
    count: Int
  ) {
    let factor = 1 / (sumOfSquares(x, count, minus: 0) / Float(count) + epsilon).squareRoot()
    let mean = sumOfProducts(gradient, weight, x, count, minus: 0) / Float(count)
    let (factors, slopes) = (Vector(repeating: factor), Vector(repeating: mean * factor * factor))
    for i in vectors(of: count) {
      store((load(gradient + i) * load(weight + i) - load(x + i) * slopes) * factors, to: gradient + i)
    }
    let slope = mean * factor * factor
    for i in rest(of: count) { gradient[i] = (gradient[i] * weight[i] - x[i] * slope) * factor }
  }

  /// With f = 1 / sqrt(variance + epsilon), d = x - mean(x) and h = weight · gradient: f (h - mean(h) - d f² mean(h d)).
  @inlinable @inline(__always)
  package static func layerNormalizeGradient(
    _ gradient: UnsafeMutablePointer<Float>, at x: UnsafePointer<Float>, weight: UnsafePointer<Float>, epsilon: Float,
    count: Int
  ) {
    let center = sum(x, count) / Float(count)
    let factor = 1 / (sumOfSquares(x, count, minus: center) / Float(count) + epsilon).squareRoot()
    let slope = sumOfProducts(gradient, weight, x, count, minus: center) / Float(count) * factor * factor
    let mean = sumOfProducts(gradient, weight, count) / Float(count)
    let (centers, factors) = (Vector(repeating: center), Vector(repeating: factor))
    let (slopes, means) = (Vector(repeating: slope), Vector(repeating: mean))
    for i in vectors(of: count) {
      let weighted = load(gradient + i) * load(weight + i)
      store((weighted - means - (load(x + i) - centers) * slopes) * factors, to: gradient + i)
    }
    for i in rest(of: count) {
      gradient[i] = (gradient[i] * weight[i] - mean - (x[i] - center) * slope) * factor
    }
  }

  /// Σ a b (x - shift); padding adds nothing.
  @inlinable @inline(__always)
  static func sumOfProducts(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ count: Int, minus shift: Float
  ) -> Float {
    let shifts = Vector(repeating: shift)
    var sum = Vector.zero
    for i in vectors(of: count) { Arithmetic.accumulate(&sum, load(a + i) * load(b + i), load(x + i) - shifts) }
    let rest = rest(of: count)
    let start = rest.lowerBound
    let product = partial(a + start, rest.count, padding: 0) * partial(b + start, rest.count, padding: 0)
    Arithmetic.accumulate(&sum, product, partial(x + start, rest.count, padding: shift) - shifts)
    return sum.total
  }

  /// Σ a b.
  @inlinable @inline(__always)
  static func sumOfProducts(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int) -> Float {
    var sum = Vector.zero
    for i in vectors(of: count) { Arithmetic.accumulate(&sum, load(a + i), load(b + i)) }
    let rest = rest(of: count)
    let start = rest.lowerBound
    Arithmetic.accumulate(
      &sum, partial(a + start, rest.count, padding: 0), partial(b + start, rest.count, padding: 0))
    return sum.total
  }

  /// With s = 1 / (1 + e^-gate): gradient · up · (s + gate s (1 - s)) and gradient · gate s.
  @inlinable @inline(__always)
  package static func gatedSiLUGradient(
    gate: UnsafeMutablePointer<Float>, up: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>, count: Int
  ) {
    // The last round takes what does not fill a vector: the exponential is inlined where it is written once.
    let lanes = Vector.scalarCount
    var i = 0
    while i < count {
      let present = min(lanes, count &- i)
      let isWhole = present == lanes
      let x = isWhole ? load(gate + i) : partial(gate + i, present, padding: 0)
      let y = isWhole ? load(up + i) : partial(up + i, present, padding: 0)
      let g = isWhole ? load(gradient + i) : partial(gradient + i, present, padding: 0)
      let one = Vector(repeating: 1)
      let share = one / (one + exponential(Vector.zero - x))
      let silu = x * share
      let (atGate, atUp) = (g * y * (share + silu * (one - share)), g * silu)
      if isWhole {
        store(atGate, to: gate + i)
        store(atUp, to: up + i)
      } else {
        storePartial(atGate, to: gate + i, present)
        storePartial(atUp, to: up + i, present)
      }
      i &+= lanes
    }
  }

  @inlinable @inline(__always)
  package static func clampNegativeGradient(
    _ gradient: UnsafeMutablePointer<Float>, outputs: UnsafePointer<Float>, count: Int
  ) {
    for i in vectors(of: count) {
      let kept = Vector.zero.replaced(by: load(gradient + i), where: Vector.zero, isBelow: load(outputs + i))
      store(kept, to: gradient + i)
    }
    for i in rest(of: count) where !(outputs[i] > 0) { gradient[i] = 0 }
  }

  @inlinable @inline(__always)
  package static func softmaxGradient(
    powers: UnsafeMutablePointer<Float>, gradient: UnsafeMutablePointer<Float>, normalizer: Float, mean: Float,
    scale: Float, count: Int
  ) {
    let (normalizers, means) = (Vector(repeating: normalizer), Vector(repeating: mean))
    let scales = Vector(repeating: scale)
    for i in vectors(of: count) {
      let share = load(powers + i) * normalizers
      store(share, to: powers + i)
      store(share * (load(gradient + i) - means) * scales, to: gradient + i)
    }
    for i in rest(of: count) {
      powers[i] *= normalizer
      gradient[i] = powers[i] * (gradient[i] - mean) * scale
    }
  }
}
