extension InstructionSet where Vector: FloatLanes, Arithmetic: MultiplyAdd {
  @inlinable @inline(__always)
  package static func multiplyAddProbe<Tile: AccumulatorTile>(
    _ tile: Tile.Type, iterations: Int, results: UnsafeMutablePointer<Float>
  ) where Tile.Vector == Vector {
    // A tile's accumulators are as many independent chains as hide the latency of an instruction.
    var tile = Tile()
    let factors = Vector(repeating: 1e-9)
    for _ in 0..<iterations { tile.add(results, factors, factors) }
    tile.store(to: results, stride: 4 &* tileColumns)
  }

  @inlinable @inline(__always)
  package static func readProbe(_ values: UnsafePointer<Float>, count: Int) -> Float {
    var (s0, s1, s2, s3) = (Vector.zero, Vector.zero, Vector.zero, Vector.zero)
    let lanes = Vector.scalarCount
    var i = 0
    while i &+ 4 &* lanes <= count {
      let source = UnsafeRawPointer(values + i)
      s0 += source.loadUnaligned(as: Vector.self)
      s1 += source.loadUnaligned(fromByteOffset: 4 &* lanes, as: Vector.self)
      s2 += source.loadUnaligned(fromByteOffset: 8 &* lanes, as: Vector.self)
      s3 += source.loadUnaligned(fromByteOffset: 12 &* lanes, as: Vector.self)
      i &+= 4 &* lanes
    }
    return ((s0 + s1) + (s2 + s3)).total
  }
}
