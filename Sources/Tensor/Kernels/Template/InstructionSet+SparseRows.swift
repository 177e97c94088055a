// Rows of a compressed weight as floats, for a product whose other rows are so many that expanding each of these once costs little.
extension InstructionSet
where Vector: FloatLanes, Arithmetic: MultiplyAdd, Expansion: BitmapExpansion, Expansion.Vector == Vector {
  @inlinable @inline(__always)
  package static func expand(
    _ w: SparseView, columns: Range<Int>, places: UnsafeMutablePointer<Int>, into block: UnsafeMutablePointer<Float>,
    table: UnsafeRawPointer
  ) {
    switch w.type {
    case .float32: expandRows(StoredFloat32.self, w, columns, places, block, table)
    case .float16: expandRows(StoredFloat16.self, w, columns, places, block, table)
    case .bfloat16: expandRows(StoredBFloat16.self, w, columns, places, block, table)
    }
  }

  @inlinable @inline(__always)
  static func expandRows<Element: StoredElement>(
    _: Element.Type, _ w: SparseView, _ columns: Range<Int>, _ places: UnsafeMutablePointer<Int>,
    _ block: UnsafeMutablePointer<Float>, _ table: UnsafeRawPointer
  ) {
    for i in 0..<w.rows {
      var row = SparseRow(w, row: i)
      let start = row.values
      row.values += places[i] &* Element.byteCount
      var (target, p) = (UnsafeMutableRawPointer(block + i &* RowBlock.stride), columns.lowerBound)
      prefetch(row.bits + (tileRows &* w.bitStride &+ p &>> 3))
      while p &+ 64 <= columns.upperBound {
        // What the row's next block begins with.
        prefetch(row.values + RowBlock.mostColumns / 2 &* Element.byteCount)
        if Element.byteCount == 4 { prefetch(row.values + (RowBlock.mostColumns / 2 &* Element.byteCount &+ 64)) }
        row.fetchWord(column: p)
        // Spelled out, so that no step is a jump.
        storePair(Element.self, &row, to: &target, table)
        storePair(Element.self, &row, to: &target, table)
        if Vector.scalarCount <= 8 {
          storePair(Element.self, &row, to: &target, table)
          storePair(Element.self, &row, to: &target, table)
        }
        if Vector.scalarCount <= 4 {
          storePair(Element.self, &row, to: &target, table)
          storePair(Element.self, &row, to: &target, table)
          storePair(Element.self, &row, to: &target, table)
          storePair(Element.self, &row, to: &target, table)
        }
        p &+= 64
      }
      while p &+ Vector.scalarCount <= columns.upperBound {
        target.storeBytes(of: next(Element.self, &row, column: p, table), as: Vector.self)
        target += MemoryLayout<Vector>.size
        p &+= Vector.scalarCount
      }
      while p < columns.upperBound {
        row.fetchWord(column: p)
        let isKept = row.word & 1 != 0
        target.storeBytes(of: isKept ? Element.scalar(at: row.values) : 0, as: Float.self)
        if isKept { row.values += Element.byteCount }
        target += MemoryLayout<Float>.size
        p &+= 1
      }
      places[i] = (row.values - start) / Element.byteCount
    }
  }

  /// Two vectors of a row's next columns, whose bits are fetched, one behind the other.
  @inlinable @inline(__always)
  static func storePair<Element: StoredElement>(
    _: Element.Type, _ row: inout SparseRow, to target: inout UnsafeMutableRawPointer, _ table: UnsafeRawPointer
  ) {
    let bits = row.nextBits(2 &* Vector.scalarCount)
    let pair = Element.consecutivePair(at: row.values, bits: bits, table: table, by: Expansion.self)
    row.skip(bits, Element.byteCount)
    target.storeBytes(of: pair.first, as: Vector.self)
    target.storeBytes(of: pair.second, toByteOffset: MemoryLayout<Vector>.size, as: Vector.self)
    target += 2 &* MemoryLayout<Vector>.size
  }
}
