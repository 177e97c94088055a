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

  /// Writes one panel: for each depth index `width` consecutive outer ones, zeros past `outer.upperBound`.
  ///
  ///     panel[p * width + o] = scale * self[outer.lowerBound + o, depth.lowerBound + p]
  func pack(
    outer: Range<Int>, depth: Range<Int>, width: Int, scale: Float, into panel: UnsafeMutablePointer<Float>
  ) {
    switch elementType {
    case .float32: pack(outer, depth, width, scale, panel) { (x: Float) in x }
    case .float16: pack(outer, depth, width, scale, panel) { (x: UInt16) in Half.widened(x) }
    case .bfloat16: pack(outer, depth, width, scale, panel) { (x: UInt16) in BFloat16.widened(x) }
    }
  }

  @inline(__always)
  private func pack<Element>(
    _ outer: Range<Int>, _ depth: Range<Int>, _ width: Int, _ scale: Float, _ panel: UnsafeMutablePointer<Float>,
    _ widen: (Element) -> Float
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
    } else {
      for o in 0..<outer.count {
        let line = source + o * outerStride
        for p in 0..<count { panel[p * width + o] = widen(line[p * depthStride]) }
      }
      for o in outer.count..<width {
        for p in 0..<count { panel[p * width + o] = 0 }
      }
    }
    if scale != 1 {
      for i in 0..<count * width { panel[i] *= scale }
    }
  }
}
