extension InstructionSet where Vector: FloatLanes, Arithmetic: MultiplyAdd {
  @inlinable @inline(__always)
  package static func pack(
    _ source: StridedView, scale: Float, width: Int, into panel: UnsafeMutablePointer<Float>
  ) {
    switch source.type {
    case .float32: pack(StoredFloat32.self, source, width, panel)
    case .float16: pack(StoredFloat16.self, source, width, panel)
    case .bfloat16: pack(StoredBFloat16.self, source, width, panel)
    }
    if scale != 1 { Self.scale(panel, count: source.columns &* width, by: scale) }
  }

  @inlinable @inline(__always)
  static func pack<Element: StoredElement>(
    _: Element.Type, _ view: StridedView, _ width: Int, _ panel: UnsafeMutablePointer<Float>
  ) {
    let (source, rows, depth) = (view.base, view.rows, view.columns)
    if view.rowStride == 1 {
      for p in 0..<depth {
        let target = panel + p &* width
        widen(source + p &* view.columnStride &* Element.byteCount, Element.self, rows, target)
        for i in rows..<max(width, rows) { target[i] = 0 }
      }
      return
    }
    // A transposition, four rows by eight. Where rows are missing, the last one is read again and overwritten after.
    let bytes = view.rowStride &* Element.byteCount
    var o = 0
    while o < width {
      let stored = min(4, width &- o)
      let present = max(0, min(stored, rows &- o))
      let target = panel + o
      let r0 = source + min(o, rows &- 1) &* bytes
      let r1 = source + min(o &+ 1, rows &- 1) &* bytes
      let r2 = source + min(o &+ 2, rows &- 1) &* bytes
      let r3 = source + min(o &+ 3, rows &- 1) &* bytes
      var p = 0
      if present > 0 {
        while p &+ 8 <= depth {
          let offset = p &* Element.byteCount
          // A block of the depth is too short for the processor to see where a row goes on, so the next four are asked for.
          if offset & 63 == 0 {
            prefetch(r0 + (offset &+ 4 &* bytes))
            prefetch(r1 + (offset &+ 4 &* bytes))
            prefetch(r2 + (offset &+ 4 &* bytes))
            prefetch(r3 + (offset &+ 4 &* bytes))
          }
          let four = FourVectors(
            eight(at: r0 + offset, Element.self), eight(at: r1 + offset, Element.self),
            eight(at: r2 + offset, Element.self), eight(at: r3 + offset, Element.self))
          storeTransposed(four, to: target + p &* width, stride: width, columns: stored)
          p &+= 8
        }
      }
      for p in p..<depth {
        for i in 0..<present {
          target[p &* width &+ i] = Element.scalar(at: source + ((o &+ i) &* bytes &+ p &* Element.byteCount))
        }
      }
      if present < stored {
        for p in 0..<depth { for i in present..<stored { target[p &* width &+ i] = 0 } }
      }
      o &+= 4
    }
  }

  /// Eight elements, in two steps where a vector has four.
  @inlinable @inline(__always)
  static func eight<Element: StoredElement>(at source: UnsafeRawPointer, _ element: Element.Type) -> SIMD8<Float> {
    if Vector.scalarCount >= 8 { return Element.vector(at: source, as: SIMD8<Float>.self) }
    return SIMD8(
      lowHalf: Element.vector(at: source, as: SIMD4<Float>.self),
      highHalf: Element.vector(at: source + 4 &* Element.byteCount, as: SIMD4<Float>.self))
  }

  /// Writes four rows of eight as eight rows of four, or the first two of each where only two fit.
  ///
  /// All steps stay within the halves of a vector, so that they are one instruction each on eight floats.
  @inlinable @inline(__always)
  static func storeTransposed(
    _ rows: FourVectors<SIMD8<Float>>, to target: UnsafeMutablePointer<Float>, stride: Int, columns: Int
  ) {
    let (r0, r1, r2, r3) = (rows.a, rows.b, rows.c, rows.d)
    let upperLow = SIMD8(r0[0], r1[0], r0[1], r1[1], r0[4], r1[4], r0[5], r1[5])
    let upperHigh = SIMD8(r0[2], r1[2], r0[3], r1[3], r0[6], r1[6], r0[7], r1[7])
    let lowerLow = SIMD8(r2[0], r3[0], r2[1], r3[1], r2[4], r3[4], r2[5], r3[5])
    let lowerHigh = SIMD8(r2[2], r3[2], r2[3], r3[3], r2[6], r3[6], r2[7], r3[7])
    storeColumns(pairs(0, upperLow, lowerLow), to: target, stride, columns)
    storeColumns(pairs(1, upperLow, lowerLow), to: target + stride, stride, columns)
    storeColumns(pairs(0, upperHigh, lowerHigh), to: target + 2 &* stride, stride, columns)
    storeColumns(pairs(1, upperHigh, lowerHigh), to: target + 3 &* stride, stride, columns)
  }

  /// The first or second pair of floats of each half of x and y; as doubles, so that the compiler leaves pairs together.
  @inlinable @inline(__always)
  static func pairs(_ i: Int, _ x: SIMD8<Float>, _ y: SIMD8<Float>) -> SIMD8<Float> {
    let (x, y) = (unsafeBitCast(x, to: SIMD4<Double>.self), unsafeBitCast(y, to: SIMD4<Double>.self))
    return unsafeBitCast(SIMD4(x[i], y[i], x[i &+ 2], y[i &+ 2]), to: SIMD8<Float>.self)
  }

  /// Writes two rows of four, four strides apart.
  @inlinable @inline(__always)
  static func storeColumns(
    _ rows: SIMD8<Float>, to target: UnsafeMutablePointer<Float>, _ stride: Int, _ count: Int
  ) {
    storeColumn(rows.lowHalf, to: target, count)
    storeColumn(rows.highHalf, to: target + 4 &* stride, count)
  }

  @inlinable @inline(__always)
  static func storeColumn(_ column: SIMD4<Float>, to target: UnsafeMutablePointer<Float>, _ count: Int) {
    let target = UnsafeMutableRawPointer(target)
    if count == 4 {
      target.storeBytes(of: column, as: SIMD4<Float>.self)
    } else {
      // Tiles have an even number of rows.
      target.storeBytes(of: column.lowHalf, as: SIMD2<Float>.self)
    }
  }

  @inlinable @inline(__always)
  package static func widen(
    source: UnsafeRawPointer, type: StoredType, count: Int, target: UnsafeMutablePointer<Float>
  ) {
    switch type {
    case .float32: widen(source, StoredFloat32.self, count, target)
    case .float16: widen(source, StoredFloat16.self, count, target)
    case .bfloat16: widen(source, StoredBFloat16.self, count, target)
    }
  }

  @inlinable @inline(__always)
  static func widen<Element: StoredElement>(
    _ source: UnsafeRawPointer, _ element: Element.Type, _ count: Int, _ target: UnsafeMutablePointer<Float>
  ) {
    for i in vectors(of: count) {
      store(Element.vector(at: source + i &* Element.byteCount, as: Vector.self), to: target + i)
    }
    for i in rest(of: count) { target[i] = Element.scalar(at: source + i &* Element.byteCount) }
  }
}
