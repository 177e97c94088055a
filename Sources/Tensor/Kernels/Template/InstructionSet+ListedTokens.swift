// The product of a compressed weight by few vectors of tokens: the columns that a row keeps are listed before they are multiplied.
//
// A word of the bitmap ends after some twenty elements, where the processor guesses wrong. That costs more than multiplying these
// elements by two vectors.
extension InstructionSet
where Vector: FloatLanes, Arithmetic: MultiplyAdd, Expansion: BitmapExpansion, Expansion.Vector == Vector {
  /// As many as one byte tells apart, whole words of them, where they are listed by instructions.
  @inlinable @inline(__always)
  package static var listedColumns: Int { Expansion.listsColumns ? 256 : 0 }

  /// Two lists, which the 64 bytes of a word never pass, as no word in front of it lists more than 64.
  @inlinable @inline(__always)
  package static var columnListByteCount: Int { 2 &* listedColumns }

  /// Two rows of W at a time, for the latency of a multiply-add.
  ///
  /// Not inlined, or too few registers would be left for the loop's addresses.
  @inlinable @inline(never)
  static func addListed<T: TokenTile>(
    _: T.Type, _ w: SparseView, _ columns: Range<Int>, _ places: UnsafeMutablePointer<Int>, _ x: UnsafePointer<Float>,
    _ y: MutableRows, _ lists: UnsafeMutableRawPointer
  ) where T.Vector == Vector {
    let (x, others) = (UnsafeRawPointer(x), lists + listedColumns)
    var row = 0
    while row &+ 2 <= y.rows {
      let counts = (
        listRow(w, row, columns, after: places[row], to: lists),
        listRow(w, row &+ 1, columns, after: places[row &+ 1], to: others)
      )
      // The longer one first, or the processor would have to guess which of them has a rest.
      let isSecond = counts.1 > counts.0
      let (long, short) = isSecond ? (row &+ 1, row) : (row, row &+ 1)
      var one = ListedRow<T>(w, long, after: places[long], y, isSecond ? others : lists)
      var two = ListedRow<T>(w, short, after: places[short], y, isSecond ? lists : others)
      let (most, both) = isSecond ? (counts.1, counts.0) : (counts.0, counts.1)
      var index = 0
      while index < both {
        one.add(index, of: x)
        two.add(index, of: x)
        index &+= 1
      }
      while index < most {
        one.add(index, of: x)
        index &+= 1
      }
      one.tile.store(to: UnsafeMutableRawPointer(y[long]))
      two.tile.store(to: UnsafeMutableRawPointer(y[short]))
      places[row] &+= counts.0
      places[row &+ 1] &+= counts.1
      row &+= 2
    }
    if row < y.rows {
      let count = listRow(w, row, columns, after: places[row], to: lists)
      var one = ListedRow<T>(w, row, after: places[row], y, lists)
      var index = 0
      while index < count {
        one.add(index, of: x)
        index &+= 1
      }
      one.tile.store(to: UnsafeMutableRawPointer(y[row]))
      places[row] &+= count
    }
  }

  /// Lists what a row keeps of some columns, counted from the first of them, and returns how many they are.
  ///
  /// - `place`: the number of the row's elements in front of the columns.
  @inlinable @inline(__always)
  static func listRow(
    _ w: SparseView, _ row: Int, _ columns: Range<Int>, after place: Int, to list: UnsafeMutableRawPointer
  ) -> Int {
    // What follows in the row is multiplied after the other rows. As if half of the columns were kept, two lines for 64. Where fewer
    // are, what is asked for comes a block later.
    let assumed = (columns.upperBound &- columns.lowerBound) / 2
    var (end, ahead) = (list, w.values + 4 &* (w.starts[row] &+ place &+ assumed))
    var column = columns.lowerBound
    while column < columns.upperBound {
      prefetch(ahead)
      prefetch(ahead + 64)
      ahead += 128
      let word = w.word(row: row, column: column, end: columns.upperBound)
      Expansion.listColumns(word, from: column &- columns.lowerBound, to: end)
      end += word.nonzeroBitCount
      column &+= 64
    }
    return end - list
  }
}

/// A row of a compressed weight by a tile's tokens: the sums, and the list of its columns.
@frozen @usableFromInline
package struct ListedRow<T: TokenTile> where T.Vector: FloatLanes {
  @usableFromInline var tile: T
  /// The kept elements of these columns.
  @usableFromInline let values: UnsafePointer<Float>
  /// The columns, a byte each.
  @usableFromInline let list: UnsafeRawPointer

  /// With the sums that are in a row of Y, and the elements of the row of W that follow the first ones.
  @inlinable @inline(__always)
  init(_ w: SparseView, _ row: Int, after place: Int, _ y: MutableRows, _ list: UnsafeRawPointer) {
    tile = T(UnsafeRawPointer(y[row]))
    values = w.values.assumingMemoryBound(to: Float.self) + (w.starts[row] &+ place)
    self.list = list
  }

  /// Multiplies an element and its column's activations.
  @inlinable @inline(__always)
  mutating func add(_ index: Int, of x: UnsafeRawPointer) {
    let column = Int((list + index).load(as: UInt8.self))
    tile.add(T.Vector(repeating: values[index]), x + column &* (T.count &* MemoryLayout<T.Vector>.size))
  }
}
