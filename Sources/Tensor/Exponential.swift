/// The exponential of sixteen floats at once.
///
/// x = n ln 2 + r with |r| <= ln 2 / 2; e^r by its Taylor polynomial of degree 7, whose first neglected term is below 6e-9 of
/// the result; 2^n through the exponent's bits. Within 2 ulp of the exact value between -87.3 and 88.3; below that range zero,
/// above it the value at 88.3 (2.2e38). NaN stays NaN.
@inline(__always)
package func exponential(_ x: SIMD16<Float>) -> SIMD16<Float> {
  typealias Vector = SIMD16<Float>
  let lowest: Float = -87.3
  let bounded = x.clamped(lowerBound: Vector(repeating: lowest), upperBound: Vector(repeating: 88.3))
  // Adding 1.5 · 2^23 leaves an integer in the fraction's low bits: rounding to nearest without a rounding instruction.
  let magic = Vector(repeating: 12_582_912)
  let shifted = bounded * 1.442_695_04 + magic
  let n = shifted - magic
  // ln 2 in two parts, the first with 9 bits so that n times it is exact.
  let r = (bounded - n * 0.693_359_375) - n * -2.121_944_4e-4
  var sum = Vector(repeating: 1 / 5040)
  sum = sum * r + 1 / 720
  sum = sum * r + 1 / 120
  sum = sum * r + 1 / 24
  sum = sum * r + 1 / 6
  sum = sum * r + 0.5
  sum = sum * r + 1
  sum = sum * r + 1
  let integers = unsafeBitCast(shifted, to: SIMD16<Int32>.self) &- 0x4B40_0000
  let exponent = SIMD16<UInt32>(truncatingIfNeeded: integers &+ 127)
  let result = sum * unsafeBitCast(exponent &<< 23, to: Vector.self)
  return result.replacing(with: 0, where: x .< lowest).replacing(with: x, where: x .!= x)
}

/// Calls `body` for sixteen elements at a time; the rest, padded with `padding`, in one more call whose surplus is dropped.
@inline(__always)
func transformVectors(
  _ values: UnsafeMutablePointer<Float>, count: Int, padding: Float,
  _ body: (SIMD16<Float>) -> SIMD16<Float>
) {
  var i = 0
  while i + 16 <= count {
    let raw = UnsafeMutableRawPointer(values + i)
    raw.storeBytes(of: body(raw.loadUnaligned(as: SIMD16<Float>.self)), as: SIMD16<Float>.self)
    i += 16
  }
  guard i < count else { return }
  var rest = SIMD16<Float>(repeating: padding)
  for lane in 0..<count - i { rest[lane] = values[i + lane] }
  rest = body(rest)
  for lane in 0..<count - i { values[i + lane] = rest[lane] }
}

/// Folds sixteen elements at a time into sixteen lanes; the rest is padded with `padding`.
///
/// The order is fixed by `count` alone.
@inline(__always)
func foldVectors(
  _ values: UnsafePointer<Float>, count: Int, padding: Float, into lanes: SIMD16<Float>,
  _ body: (inout SIMD16<Float>, SIMD16<Float>) -> Void
) -> SIMD16<Float> {
  var lanes = lanes
  var i = 0
  while i + 16 <= count {
    body(&lanes, UnsafeRawPointer(values + i).loadUnaligned(as: SIMD16<Float>.self))
    i += 16
  }
  if i < count {
    var rest = SIMD16<Float>(repeating: padding)
    for lane in 0..<count - i { rest[lane] = values[i + lane] }
    body(&lanes, rest)
  }
  return lanes
}
