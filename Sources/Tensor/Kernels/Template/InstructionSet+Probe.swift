extension InstructionSet
where
  Vector: FloatLanes, Arithmetic: MultiplyAdd, UpperTile: AccumulatorTile, LowerTile: AccumulatorTile,
  UpperTile.Vector == Vector, LowerTile.Vector == Vector, UpperTile.Arithmetic == LowerTile.Arithmetic
{
  @inlinable @inline(__always)
  package static func multiplyAddProbe(iterations: Int, results: UnsafeMutablePointer<Float>) {
    // A tile's accumulators are as many independent chains as hide the latency of an instruction.
    var tile = Stack<UpperTile, LowerTile>()
    let factors = Vector(repeating: 1e-9)
    for _ in 0..<iterations { tile.add(results, factors, factors) }
    tile.store(to: results, stride: 4 &* tileColumns)
  }
}

extension InstructionSet where Vector: FloatLanes, Arithmetic: MultiplyAdd {
  @inlinable @inline(__always)
  package static func readProbe(_ values: UnsafePointer<Float>, count: Int) -> Float {
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
