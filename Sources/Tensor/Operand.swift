/// One side of a product as the packing sees it: `outer` index (a row of A, a column of B) by `depth` index (the one that is
/// summed over), at any strides, in any element type.
struct Operand {
  let base: UnsafeRawPointer
  let elementType: ElementType
  /// Elements from one outer index to the next.
  let outerStride: Int
  /// Elements from one depth index to the next.
  let depthStride: Int

  /// Floats: the rows of a row-major matrix have `depthStride` 1, its columns have `outerStride` 1.
  init(_ base: UnsafePointer<Float>, outerStride: Int, depthStride: Int) {
    self.init(UnsafeRawPointer(base), .float32, outerStride: outerStride, depthStride: depthStride)
  }

  init(_ base: UnsafeRawPointer, _ elementType: ElementType, outerStride: Int, depthStride: Int) {
    self.base = base
    self.elementType = elementType
    self.outerStride = outerStride
    self.depthStride = depthStride
  }

  func element(_ outer: Int, _ depth: Int) -> Float {
    let index = outer * outerStride + depth * depthStride
    switch elementType {
    case .float32: return base.load(fromByteOffset: 4 * index, as: Float.self)
    case .float16: return Half.widened(base.load(fromByteOffset: 2 * index, as: UInt16.self))
    case .bfloat16: return BFloat16.widened(base.load(fromByteOffset: 2 * index, as: UInt16.self))
    }
  }

  /// The elements where they can be used as they lie: floats with depth indices side by side.
  ///
  /// Nil otherwise.
  var rowMajorFloats: UnsafePointer<Float>? {
    elementType == .float32 && depthStride == 1 ? base.assumingMemoryBound(to: Float.self) : nil
  }

  /// Writes one panel: for each depth index `width` consecutive outer ones, zeros past `outer.upperBound`.
  ///
  ///     panel[p * width + o] = scale * self[outer.lowerBound + o, depth.lowerBound + p]
  func pack(
    outer: Range<Int>, depth: Range<Int>, width: Int, scale: Float, into panel: UnsafeMutablePointer<Float>
  ) {
    switch elementType {
    case .float32:
      pack(outer, depth, width, panel) { (x: Float) in
        x
      } four: {
        $0.loadUnaligned(as: SIMD4<Float>.self)
      }
    case .float16:
      pack(outer, depth, width, panel, Half.widened) { source in
        let bits = source.loadUnaligned(as: SIMD4<UInt16>.self)
        return SIMD4(Half.widened(bits.x), Half.widened(bits.y), Half.widened(bits.z), Half.widened(bits.w))
      }
    case .bfloat16:
      pack(outer, depth, width, panel, BFloat16.widened) { source in
        let bits = SIMD4<UInt32>(truncatingIfNeeded: source.loadUnaligned(as: SIMD4<UInt16>.self))
        return unsafeBitCast(bits &<< 16, to: SIMD4<Float>.self)
      }
    }
    if scale != 1 {
      for i in 0..<depth.count * width { panel[i] *= scale }
    }
  }

  /// `widen` turns one element into a Float, `four` four that lie side by side.
  @inline(__always)
  private func pack<Element>(
    _ outer: Range<Int>, _ depth: Range<Int>, _ width: Int, _ panel: UnsafeMutablePointer<Float>,
    _ widen: (Element) -> Float, four: (UnsafeRawPointer) -> SIMD4<Float>
  ) {
    let source =
      base.assumingMemoryBound(to: Element.self) + outer.lowerBound * outerStride + depth.lowerBound * depthStride
    let count = depth.count
    if outerStride == 1 {
      for p in 0..<count {
        let row = source + p * depthStride
        let target = panel + p * width
        for o in 0..<outer.count { target[o] = widen(row[o]) }
        for o in outer.count..<width { target[o] = 0 }
      }
      return
    }
    // A transposition, in squares of four by four as far as they fit.
    let squares = depthStride == 1 ? outer.count & ~3 : 0
    let evenDepth = count & ~3
    for o in stride(from: 0, to: squares, by: 4) {
      let line = source + o * outerStride
      for p in stride(from: 0, to: evenDepth, by: 4) {
        let square = transposed(
          four(line + p), four(line + outerStride + p), four(line + 2 * outerStride + p),
          four(line + 3 * outerStride + p))
        let target = UnsafeMutableRawPointer(panel + p * width + o)
        target.storeBytes(of: square.0, as: SIMD4<Float>.self)
        target.storeBytes(of: square.1, toByteOffset: 4 * width, as: SIMD4<Float>.self)
        target.storeBytes(of: square.2, toByteOffset: 8 * width, as: SIMD4<Float>.self)
        target.storeBytes(of: square.3, toByteOffset: 12 * width, as: SIMD4<Float>.self)
      }
    }
    for o in 0..<outer.count {
      let line = source + o * outerStride
      for p in (o < squares ? evenDepth : 0)..<count { panel[p * width + o] = widen(line[p * depthStride]) }
    }
    for o in outer.count..<width {
      for p in 0..<count { panel[p * width + o] = 0 }
    }
  }
}

/// Four rows as four columns.
@inline(__always)
private func transposed(
  _ r0: SIMD4<Float>, _ r1: SIMD4<Float>, _ r2: SIMD4<Float>, _ r3: SIMD4<Float>
) -> (SIMD4<Float>, SIMD4<Float>, SIMD4<Float>, SIMD4<Float>) {
  let upper = SIMD8(lowHalf: r0, highHalf: r1)
  let lower = SIMD8(lowHalf: r2, highHalf: r3)
  let even = SIMD8(lowHalf: upper.evenHalf, highHalf: lower.evenHalf)
  let odd = SIMD8(lowHalf: upper.oddHalf, highHalf: lower.oddHalf)
  return (even.evenHalf, odd.evenHalf, even.oddHalf, odd.oddHalf)
}
