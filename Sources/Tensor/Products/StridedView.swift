import KernelTemplate

/// One side of a product as the packing sees it: `outer` index (a row of A, a column of B) by `depth` index (the one that is
/// summed over), in any element type, one of the strides being 1.
struct StridedView {
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

  /// The operand from some outer and depth index on.
  func advanced(outer: Int, depth: Int) -> StridedView {
    let index = outer * outerStride + depth * depthStride
    return StridedView(
      base + index * elementType.byteCount, elementType, outerStride: outerStride, depthStride: depthStride)
  }

  /// Writes one panel: for each depth index `width` consecutive outer ones, zeros past `outer.upperBound`.
  ///
  ///     panel[p * width + o] = scale * self[outer.lowerBound + o, depth.lowerBound + p]
  func pack(
    outer: Range<Int>, depth: Range<Int>, width: Int, scale: Float, into panel: UnsafeMutablePointer<Float>,
    with instructions: any InstructionSet.Type
  ) {
    instructions.pack(
      source: advanced(outer: outer.lowerBound, depth: depth.lowerBound).base, type: elementType.stored,
      outer: outer.count, outerStride: outerStride, depth: depth.count, depthStride: depthStride, width: width,
      scale: scale, panel: panel)
  }
}
