extension InstructionSet where Vector: FloatLanes, Arithmetic: MultiplyAdd {
  @inlinable @inline(__always)
  package static func pack(
    source: UnsafeRawPointer, type: StoredType, outer: Int, outerStride: Int, depth: Int, depthStride: Int, width: Int,
    scale: Float, panel: UnsafeMutablePointer<Float>
  ) {
    switch type {
    case .float32:
      pack(source, StoredFloat32.self, outer, outerStride, depth, depthStride, width, panel)
    case .float16:
      pack(source, StoredFloat16.self, outer, outerStride, depth, depthStride, width, panel)
    case .bfloat16:
      pack(source, StoredBFloat16.self, outer, outerStride, depth, depthStride, width, panel)
    }
    if scale != 1 { Self.scale(panel, count: depth &* width, by: scale) }
  }

  @inlinable @inline(__always)
  static func pack<Element: StoredElement>(
    _ source: UnsafeRawPointer, _ element: Element.Type, _ outer: Int, _ outerStride: Int, _ depth: Int,
    _ depthStride: Int, _ width: Int, _ panel: UnsafeMutablePointer<Float>
  ) {
    if outerStride == 1 {
      for p in 0..<depth {
        let target = panel + p &* width
        widen(source + p &* depthStride &* Element.byteCount, Element.self, outer, target)
        for o in outer..<max(width, outer) { target[o] = 0 }
      }
      return
    }
    // A transposition, in squares of four by four. Where rows are missing, the last one is read again and overwritten after.
    let bytes = outerStride &* Element.byteCount
    var o = 0
    while o < width {
      let present = max(0, min(4, outer &- o))
      let stored = min(4, width &- o)
      let target = panel + o
      let r0 = source + min(o, outer &- 1) &* bytes
      let r1 = source + min(o &+ 1, outer &- 1) &* bytes
      let r2 = source + min(o &+ 2, outer &- 1) &* bytes
      let r3 = source + min(o &+ 3, outer &- 1) &* bytes
      var p = 0
      if present > 0 {
        while p &+ 4 <= depth {
          let offset = p &* Element.byteCount
          // A block of the depth is too short for the processor to see where a row goes on, so the next four are asked for.
          if offset & 63 == 0 {
            prefetch(r0 + (offset &+ 4 &* bytes))
            prefetch(r1 + (offset &+ 4 &* bytes))
            prefetch(r2 + (offset &+ 4 &* bytes))
            prefetch(r3 + (offset &+ 4 &* bytes))
          }
          storeTransposed(
            Element.vector(at: r0 + offset, as: SIMD4<Float>.self),
            Element.vector(at: r1 + offset, as: SIMD4<Float>.self),
            Element.vector(at: r2 + offset, as: SIMD4<Float>.self),
            Element.vector(at: r3 + offset, as: SIMD4<Float>.self), to: target + p &* width, stride: width,
            columns: stored)
          p &+= 4
        }
      }
      while p < depth {
        for i in 0..<stored {
          target[p &* width &+ i] =
            i < present
            ? Element.scalar(at: source + ((o &+ i) &* bytes &+ p &* Element.byteCount)) : 0
        }
        p &+= 1
      }
      if present < stored {
        for p in 0..<depth { for i in present..<stored { target[p &* width &+ i] = 0 } }
      }
      o &+= 4
    }
  }

  /// Writes four rows as four columns, or the first two of them where only two fit.
  @inlinable @inline(__always)
  static func storeTransposed(
    _ r0: SIMD4<Float>, _ r1: SIMD4<Float>, _ r2: SIMD4<Float>, _ r3: SIMD4<Float>,
    to target: UnsafeMutablePointer<Float>,
    stride: Int, columns: Int
  ) {
    let upper = SIMD8(lowHalf: r0, highHalf: r1)
    let lower = SIMD8(lowHalf: r2, highHalf: r3)
    let even = SIMD8(lowHalf: upper.evenHalf, highHalf: lower.evenHalf)
    let odd = SIMD8(lowHalf: upper.oddHalf, highHalf: lower.oddHalf)
    storeColumn(even.evenHalf, to: target, columns)
    storeColumn(odd.evenHalf, to: target + stride, columns)
    storeColumn(even.oddHalf, to: target + 2 &* stride, columns)
    storeColumn(odd.oddHalf, to: target + 3 &* stride, columns)
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
    var i = 0
    while i &+ Vector.scalarCount <= count {
      let vector = Element.vector(at: source + i &* Element.byteCount, as: Vector.self)
      UnsafeMutableRawPointer(target + i).storeBytes(of: vector, as: Vector.self)
      i &+= Vector.scalarCount
    }
    while i < count {
      target[i] = Element.scalar(at: source + i &* Element.byteCount)
      i &+= 1
    }
  }
}
