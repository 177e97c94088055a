/// What element-wise kernels work on at a time: two registers of SSE or NEON, one of AVX.
///
/// Operations of the standard library that compile to vector instructions are arithmetic, comparison and `replacing(with:where:)`; `clamped`, `pointwiseMin` and
/// `max()` go lane by lane and are avoided.
package typealias FloatVector = SIMD8<Float>

/// The exponential of eight floats at once.
///
/// x = n ln 2 + r with |r| <= ln 2 / 2; e^r by its Taylor polynomial of degree 7, whose first neglected term is below 6e-9 of
/// the result; 2^n through the exponent's bits. Within 2 ulp of the exact value between -87.3 and 88.3; below that range zero,
/// above it the value at 88.3 (2.2e38). NaN stays NaN.
@inline(__always)
package func exponential(_ x: FloatVector) -> FloatVector {
  let lowest = FloatVector(repeating: -87.3)
  let highest = FloatVector(repeating: 88.3)
  let bounded = x.replacing(with: lowest, where: x .< lowest).replacing(with: highest, where: x .> highest)
  // Adding 1.5 · 2^23 leaves an integer in the fraction's low bits: rounding to nearest without a rounding instruction.
  let magic = FloatVector(repeating: 12_582_912)
  let shifted = bounded * 1.442_695_04 + magic
  let n = shifted - magic
  // ln 2 in two parts, the first with 9 bits so that n times it is exact.
  let r = (bounded - n * 0.693_359_375) - n * -2.121_944_4e-4
  var sum = FloatVector(repeating: 1 / 5040)
  sum = sum * r + 1 / 720
  sum = sum * r + 1 / 120
  sum = sum * r + 1 / 24
  sum = sum * r + 1 / 6
  sum = sum * r + 0.5
  sum = sum * r + 1
  sum = sum * r + 1
  // The magic number's bits are 0x4B400000; what is above them is n.
  let exponent = unsafeBitCast(shifted, to: SIMD8<UInt32>.self) &- SIMD8(repeating: 0x4B40_0000 - 127)
  let result = sum * unsafeBitCast(exponent &<< 23, to: FloatVector.self)
  return result.replacing(with: FloatVector.zero, where: x .< lowest).replacing(with: x, where: x .!= x)
}

/// The largest of eight lanes.
@inline(__always)
func largestLane(_ x: FloatVector) -> Float {
  func larger<V: SIMD>(_ a: V, _ b: V) -> V where V.Scalar == Float { a.replacing(with: b, where: b .> a) }
  let four = larger(x.lowHalf, x.highHalf)
  let two = larger(four.lowHalf, four.highHalf)
  return two[1] > two[0] ? two[1] : two[0]
}

/// Calls `body` for eight elements at a time; the rest, padded with `padding`, in one more call whose surplus is dropped.
@inline(__always)
func transformVectors(
  _ values: UnsafeMutablePointer<Float>, count: Int, padding: Float,
  _ body: (FloatVector) -> FloatVector
) {
  var i = 0
  while i + 8 <= count {
    let raw = UnsafeMutableRawPointer(values + i)
    raw.storeBytes(of: body(raw.loadUnaligned(as: FloatVector.self)), as: FloatVector.self)
    i += 8
  }
  guard i < count else { return }
  var rest = FloatVector(repeating: padding)
  for lane in 0..<count - i { rest[lane] = values[i + lane] }
  rest = body(rest)
  for lane in 0..<count - i { values[i + lane] = rest[lane] }
}

/// Folds eight elements at a time into eight lanes; the rest is padded with `padding`.
///
/// The order is fixed by `count` alone.
@inline(__always)
func foldVectors(
  _ values: UnsafePointer<Float>, count: Int, padding: Float, into lanes: FloatVector,
  _ body: (inout FloatVector, FloatVector) -> Void
) -> FloatVector {
  var lanes = lanes
  var i = 0
  while i + 8 <= count {
    body(&lanes, UnsafeRawPointer(values + i).loadUnaligned(as: FloatVector.self))
    i += 8
  }
  if i < count {
    var rest = FloatVector(repeating: padding)
    for lane in 0..<count - i { rest[lane] = values[i + lane] }
    body(&lanes, rest)
  }
  return lanes
}
