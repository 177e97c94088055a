/// Sums of consecutive tokens in registers, to which a weight times the tokens' activations is added.
@usableFromInline
package protocol TokenTile {
  associatedtype Vector

  /// Vectors of tokens.
  static var count: Int { get }
  /// The sums as they are in memory.
  init(_ y: UnsafeRawPointer)
  /// Adds w · x for the activations of one column.
  mutating func add(_ w: Vector, _ x: UnsafeRawPointer)
  /// Writes the sums.
  func store(to y: UnsafeMutableRawPointer)
}

/// One vector of tokens.
@frozen @usableFromInline
package struct Tokens<Vector: FloatLanes, Arithmetic: MultiplyAdd>: TokenTile {
  @usableFromInline var sum: Vector

  @inlinable @inline(__always)
  package static var count: Int { 1 }

  @inlinable @inline(__always)
  package init(_ y: UnsafeRawPointer) { sum = y.load(as: Vector.self) }

  @inlinable @inline(__always)
  package mutating func add(_ w: Vector, _ x: UnsafeRawPointer) {
    Arithmetic.accumulate(&sum, w, x.load(as: Vector.self))
  }

  @inlinable @inline(__always)
  package func store(to y: UnsafeMutableRawPointer) { y.storeBytes(of: sum, as: Vector.self) }
}

/// Two tiles side by side.
@frozen @usableFromInline
package struct Beside<Left: TokenTile, Right: TokenTile>: TokenTile where Left.Vector == Right.Vector {
  @usableFromInline var left: Left
  @usableFromInline var right: Right

  @inlinable @inline(__always)
  package static var count: Int { Left.count + Right.count }

  @inlinable @inline(__always)
  static var leftBytes: Int { Left.count &* MemoryLayout<Left.Vector>.size }

  @inlinable @inline(__always)
  package init(_ y: UnsafeRawPointer) {
    left = Left(y)
    right = Right(y + Self.leftBytes)
  }

  @inlinable @inline(__always)
  package mutating func add(_ w: Left.Vector, _ x: UnsafeRawPointer) {
    left.add(w, x)
    right.add(w, x + Self.leftBytes)
  }

  @inlinable @inline(__always)
  package func store(to y: UnsafeMutableRawPointer) {
    left.store(to: y)
    right.store(to: y + Self.leftBytes)
  }
}

/// A row of a compressed weight by a tile's tokens: the sums, and how far the row is read.
@frozen @usableFromInline
package struct TokenRow<T: TokenTile> where T.Vector: FloatLanes {
  @usableFromInline var tile: T
  /// The next kept element.
  @usableFromInline var values: UnsafePointer<Float>
  /// The bits of 64 columns that have not been multiplied, the first column's lowest.
  @usableFromInline var word: UInt64 = 0

  /// With the sums that are in a row of Y, and the elements of the row of W that follow the first ones.
  @inlinable @inline(__always)
  init(_ w: SparseView, _ row: Int, after place: Int, _ y: MutableRows) {
    tile = T(UnsafeRawPointer(y[row]))
    values = w.values.assumingMemoryBound(to: Float.self) + (w.starts[row] &+ place)
  }

  /// Takes the bits of at most 64 columns that end before `end`, and asks for elements that are multiplied after the other rows'.
  ///
  /// - `ahead`: how many elements of a row are among as many columns as are multiplied before the next row's turn, about.
  @inlinable @inline(__always)
  mutating func fetchWord(_ w: SparseView, _ row: Int, _ column: Int, end: Int, ahead: Int) {
    prefetch(values + ahead)
    prefetch(values + (ahead &+ 16))
    word = w.word(row: row, column: column, end: end)
  }

  /// Multiplies the next column that is kept, and its activations: `back` bytes less than the address `x` for each column before it.
  ///
  /// What is subtracted makes an address in one register. As the sum of two, it would make two operations of each multiply-add.
  @inlinable @inline(__always)
  mutating func addColumn(of x: Int, back: Int) {
    let activations = UnsafeRawPointer(bitPattern: x &- word.trailingZeroBitCount &* back)
    tile.add(T.Vector(repeating: values.pointee), activations.unsafelyUnwrapped)
    values += 1
    word &= word &- 1
  }

  /// Writes the sums, and returns how many of the row's elements have been multiplied.
  @inlinable @inline(__always)
  func store(_ w: SparseView, _ row: Int, _ y: MutableRows) -> Int {
    tile.store(to: UnsafeMutableRawPointer(y[row]))
    return values - w.values.assumingMemoryBound(to: Float.self) &- w.starts[row]
  }
}
