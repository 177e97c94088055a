/// Where the whole vectors of a number of elements begin: at 0, and then as many lanes further each time.
@frozen @usableFromInline
package struct VectorStarts: Sequence, IteratorProtocol {
  @usableFromInline var start = 0
  @usableFromInline let count: Int
  @usableFromInline let lanes: Int

  @inlinable @inline(__always)
  init(count: Int, lanes: Int) {
    self.count = count
    self.lanes = lanes
  }

  @inlinable @inline(__always)
  package mutating func next() -> Int? {
    guard start &+ lanes <= count else { return nil }
    defer { start &+= lanes }
    return start
  }
}

extension InstructionSet where Vector: FloatLanes {
  /// Where the whole vectors of `count` elements begin.
  @inlinable @inline(__always)
  static func vectors(of count: Int) -> VectorStarts { VectorStarts(count: count, lanes: Vector.scalarCount) }

  /// The elements behind the last whole vector of `count`, a number from 0.
  @inlinable @inline(__always)
  static func rest(of count: Int) -> Range<Int> { count & ~(Vector.scalarCount &- 1)..<count }

  @inlinable @inline(__always)
  static func load(_ source: UnsafePointer<Float>) -> Vector { UnsafeRawPointer(source).loadUnaligned(as: Vector.self) }

  @inlinable @inline(__always)
  static func store(_ vector: Vector, to target: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(target).storeBytes(of: vector, as: Vector.self)
  }
}
