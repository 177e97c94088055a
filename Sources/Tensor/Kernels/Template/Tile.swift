/// How `c += a * b` is done.
///
/// Swift never contracts a product and a sum by itself, so the choice is spelled out.
@usableFromInline
package protocol MultiplyAdd {
  static func accumulate<V: SIMD>(_ c: inout V, _ a: V, _ b: V) where V.Scalar == Float
}

/// One instruction and one rounding.
///
/// Only for builds whose target has FMA: elsewhere it is a call per lane.
@frozen @usableFromInline
package enum FusedMultiplyAdd: MultiplyAdd {
  @inlinable @inline(__always)
  package static func accumulate<V: SIMD>(_ c: inout V, _ a: V, _ b: V) where V.Scalar == Float {
    c.addProduct(a, b)
  }
}

/// Two instructions and two roundings: what every processor has.
@frozen @usableFromInline
package enum SeparateMultiplyAdd: MultiplyAdd {
  @inlinable @inline(__always)
  package static func accumulate<V: SIMD>(_ c: inout V, _ a: V, _ b: V) where V.Scalar == Float {
    c += a * b
  }
}

/// Some rows of a matrix product in registers.
///
/// A tile is a row, or two tiles one above the other: a type such as `Stack<Four, Two>` spells a height out, and the compiler
/// turns it into as many accumulators and no loop.
@usableFromInline
package protocol Tile {
  /// What one step multiplies all rows by.
  associatedtype Operand

  /// Rows of the tile.
  static var rows: Int { get }

  /// A tile of zeros.
  init()

  /// Adds the products of one step: of what `a` has for each row, `stride` floats from row to row, with the operand.
  mutating func add(_ a: UnsafePointer<Float>, stride: Int, _ b: Operand)

  /// Writes the sums to the rows of C, or adds them where `accumulate` is set.
  func store(to c: MutableRows, accumulate: Bool)
}

/// A tile two vectors wide, of which the left one may be all that is wanted: the compiler then leaves out the right one.
@usableFromInline
package protocol WideTile: Tile {
  /// Adds the products of one step for the left vector.
  mutating func addLeft(_ a: UnsafePointer<Float>, stride: Int, _ b: Operand)

  /// Writes the sums of the left vector to the rows of C, or adds them where `accumulate` is set.
  func storeLeft(to c: MutableRows, accumulate: Bool)
}

/// Two vectors side by side.
@frozen @usableFromInline
package struct TwoVectors<Vector: FloatLanes> {
  @usableFromInline let left: Vector
  @usableFromInline let right: Vector

  @inlinable @inline(__always)
  init(_ left: Vector, _ right: Vector) {
    self.left = left
    self.right = right
  }
}

/// One row, two vectors wide: of `a`, a number is multiplied.
@frozen @usableFromInline
package struct Row<Vector: FloatLanes, Arithmetic: MultiplyAdd>: WideTile {
  @usableFromInline var left = Vector.zero
  @usableFromInline var right = Vector.zero

  @inlinable @inline(__always)
  package init() {}

  @inlinable @inline(__always)
  package static var rows: Int { 1 }

  @inlinable @inline(__always)
  package mutating func add(_ a: UnsafePointer<Float>, stride: Int, _ b: TwoVectors<Vector>) {
    add(Vector(repeating: a.pointee), b)
  }

  @inlinable @inline(__always)
  mutating func add(_ x: Vector, _ b: TwoVectors<Vector>) {
    Arithmetic.accumulate(&left, x, b.left)
    Arithmetic.accumulate(&right, x, b.right)
  }

  @inlinable @inline(__always)
  package mutating func addLeft(_ a: UnsafePointer<Float>, stride: Int, _ b: TwoVectors<Vector>) {
    Arithmetic.accumulate(&left, Vector(repeating: a.pointee), b.left)
  }

  @inlinable @inline(__always)
  package func store(to c: MutableRows, accumulate: Bool) {
    storeLeft(to: c, accumulate: accumulate)
    write(right, to: UnsafeMutableRawPointer(c.first) + MemoryLayout<Vector>.size, accumulate)
  }

  @inlinable @inline(__always)
  package func storeLeft(to c: MutableRows, accumulate: Bool) {
    write(left, to: UnsafeMutableRawPointer(c.first), accumulate)
  }

  @inlinable @inline(__always)
  func write(_ sum: Vector, to c: UnsafeMutableRawPointer, _ accumulate: Bool) {
    c.storeBytes(of: accumulate ? sum + c.loadUnaligned(as: Vector.self) : sum, as: Vector.self)
  }
}

/// Two tiles one above the other.
@frozen @usableFromInline
package struct Stack<Top: Tile, Bottom: Tile>: Tile where Top.Operand == Bottom.Operand {
  @usableFromInline var top = Top()
  @usableFromInline var bottom = Bottom()

  @inlinable @inline(__always)
  package init() {}

  @inlinable @inline(__always)
  package static var rows: Int { Top.rows + Bottom.rows }

  @inlinable @inline(__always)
  package mutating func add(_ a: UnsafePointer<Float>, stride: Int, _ b: Top.Operand) {
    top.add(a, stride: stride, b)
    bottom.add(a + Top.rows &* stride, stride: stride, b)
  }

  @inlinable @inline(__always)
  package func store(to c: MutableRows, accumulate: Bool) {
    top.store(to: c, accumulate: accumulate)
    bottom.store(to: c.below(Top.rows), accumulate: accumulate)
  }
}

extension Stack: WideTile where Top: WideTile, Bottom: WideTile {
  @inlinable @inline(__always)
  package mutating func addLeft(_ a: UnsafePointer<Float>, stride: Int, _ b: Top.Operand) {
    top.addLeft(a, stride: stride, b)
    bottom.addLeft(a + Top.rows &* stride, stride: stride, b)
  }

  @inlinable @inline(__always)
  package func storeLeft(to c: MutableRows, accumulate: Bool) {
    top.storeLeft(to: c, accumulate: accumulate)
    bottom.storeLeft(to: c.below(Top.rows), accumulate: accumulate)
  }
}

/// Four rows, two vectors of four wide: of `a`, four numbers are read as one vector, each lane of which multiplies.
///
/// For NEON, whose multiply-add takes a lane of a register as a factor: three loads for the twelve rows of a tile instead of twelve,
/// where these lie side by side.
@frozen @usableFromInline
package struct FourLanes<Arithmetic: MultiplyAdd>: WideTile {
  @usableFromInline package typealias Vector = SIMD4<Float>

  @usableFromInline var stack = FourRows<Vector, Arithmetic>()

  @inlinable @inline(__always)
  package init() {}

  @inlinable @inline(__always)
  package static var rows: Int { 4 }

  @inlinable @inline(__always)
  package mutating func add(_ a: UnsafePointer<Float>, stride: Int, _ b: TwoVectors<Vector>) {
    guard stride == 1 else { return stack.add(a, stride: stride, b) }
    let x = UnsafeRawPointer(a).loadUnaligned(as: Vector.self)
    stack.top.top.add(Vector(repeating: x.x), b)
    stack.top.bottom.add(Vector(repeating: x.y), b)
    stack.bottom.top.add(Vector(repeating: x.z), b)
    stack.bottom.bottom.add(Vector(repeating: x.w), b)
  }

  @inlinable @inline(__always)
  package mutating func addLeft(_ a: UnsafePointer<Float>, stride: Int, _ b: TwoVectors<Vector>) {
    stack.addLeft(a, stride: stride, b)
  }

  @inlinable @inline(__always)
  package func store(to c: MutableRows, accumulate: Bool) { stack.store(to: c, accumulate: accumulate) }

  @inlinable @inline(__always)
  package func storeLeft(to c: MutableRows, accumulate: Bool) { stack.storeLeft(to: c, accumulate: accumulate) }
}

/// Two rows.
@usableFromInline
package typealias TwoRows<V: FloatLanes, M: MultiplyAdd> = Stack<Row<V, M>, Row<V, M>>
/// Four rows.
@usableFromInline
package typealias FourRows<V: FloatLanes, M: MultiplyAdd> = Stack<TwoRows<V, M>, TwoRows<V, M>>
/// Eight rows.
@usableFromInline
package typealias EightRows<V: FloatLanes, M: MultiplyAdd> = Stack<FourRows<V, M>, FourRows<V, M>>
