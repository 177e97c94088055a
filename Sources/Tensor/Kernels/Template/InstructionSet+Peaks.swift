extension InstructionSet
where
  Vector: FloatLanes, UpperTile: Tile, LowerTile: Tile, UpperTile.Operand == TwoVectors<Vector>,
  LowerTile.Operand == TwoVectors<Vector>
{
  @inlinable @inline(__always)
  package static func peakMultiplyAdds(iterations: Int, results: UnsafeMutablePointer<Float>) {
    // A tile's accumulators are as many independent chains as hide the latency of an instruction.
    var tile = Stack<UpperTile, LowerTile>()
    let factors = TwoVectors(Vector(repeating: 1e-9), Vector(repeating: 1e-9))
    // One number for all rows: one for each would take more registers than AVX2 and SSE have beside the accumulators.
    for _ in 0..<iterations { tile.add(results, stride: 0, factors) }
    tile.store(
      to: MutableRows(results, rows: tileRows, columns: tileColumns, stride: tileColumns), accumulate: false)
  }
}

extension InstructionSet where Vector: FloatLanes, Arithmetic: MultiplyAdd {
  @inlinable @inline(__always)
  package static func peakRead(_ values: UnsafePointer<Float>, count: Int) -> Float {
    var (s0, s1, s2, s3) = (Vector.zero, Vector.zero, Vector.zero, Vector.zero)
    // Four streams: processors fetch ahead within a page, so that one stream waits at the start of each.
    let first = UnsafeRawPointer(values)
    let bytes = count / (4 &* Vector.scalarCount) &* MemoryLayout<Vector>.size
    var offset = 0
    while offset < bytes {
      s0 += first.loadUnaligned(fromByteOffset: offset, as: Vector.self)
      s1 += first.loadUnaligned(fromByteOffset: offset &+ bytes, as: Vector.self)
      s2 += first.loadUnaligned(fromByteOffset: offset &+ 2 &* bytes, as: Vector.self)
      s3 += first.loadUnaligned(fromByteOffset: offset &+ 3 &* bytes, as: Vector.self)
      offset &+= MemoryLayout<Vector>.size
    }
    return ((s0 + s1) + (s2 + s3)).total
  }
}
