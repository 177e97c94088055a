// The product of a compressed weight by many tokens, whose activations lie side by side for each of its columns.
extension InstructionSet
where Vector: FloatLanes, Arithmetic: MultiplyAdd, Expansion: BitmapExpansion, Expansion.Vector == Vector {
  @usableFromInline package typealias OneToken = Tokens<Vector, Arithmetic>
  @usableFromInline package typealias TwoTokens = Beside<OneToken, OneToken>
  @usableFromInline package typealias ThreeTokens = Beside<TwoTokens, OneToken>
  @usableFromInline package typealias FourTokens = Beside<TwoTokens, TwoTokens>
  @usableFromInline package typealias EightTokens = Beside<FourTokens, FourTokens>

  @inlinable @inline(__always)
  package static var tokenTile: Int { EightTokens.count &* Vector.scalarCount }

  /// By a tile that is as wide as the tokens are.
  @inlinable @inline(__always)
  package static func addSparseProduct(
    _ w: SparseView, columns: Range<Int>, places: UnsafeMutablePointer<Int>, of x: UnsafePointer<Float>,
    to y: MutableRows, lists: UnsafeMutableRawPointer?
  ) {
    let (back, vectors) = (-4 &* y.stride, y.stride / Vector.scalarCount)
    // More vectors take so long that the end of a word costs little beside them.
    if Expansion.listsColumns, vectors <= 3, let lists, columns.count <= listedColumns {
      switch vectors {
      case ...1: addListed(OneToken.self, w, columns, places, x, y, lists)
      case 2: addListed(TwoTokens.self, w, columns, places, x, y, lists)
      default: addListed(ThreeTokens.self, w, columns, places, x, y, lists)
      }
      return
    }
    switch vectors {
    case ...1: addTile(OneToken.self, w, columns, places, x, y, back: back)
    case 2: addTile(TwoTokens.self, w, columns, places, x, y, back: back)
    case 3: addTile(ThreeTokens.self, w, columns, places, x, y, back: back)
    case 4: addTile(FourTokens.self, w, columns, places, x, y, back: back)
    case 5: addTile(Beside<FourTokens, OneToken>.self, w, columns, places, x, y, back: back)
    case 6: addTile(Beside<FourTokens, TwoTokens>.self, w, columns, places, x, y, back: back)
    case 7: addTile(Beside<FourTokens, ThreeTokens>.self, w, columns, places, x, y, back: back)
    default: addTile(EightTokens.self, w, columns, places, x, y, back: back)
    }
  }

  /// All rows of W by a tile's tokens: two at a time where one alone would wait for its sums, which are too few to hide the latency of
  /// a multiply-add.
  ///
  /// Not inlined, or too few registers would be left for the loop's addresses.
  ///
  /// - `back`: bytes from a column's activations to those of the column before.
  @inlinable @inline(never)
  static func addTile<T: TokenTile>(
    _: T.Type, _ w: SparseView, _ columns: Range<Int>, _ places: UnsafeMutablePointer<Int>, _ x: UnsafePointer<Float>,
    _ y: MutableRows, back: Int
  ) where T.Vector == Vector {
    // As if half of the columns were kept. Where fewer are, what is asked for comes one turn later.
    let ahead = (columns.upperBound &- columns.lowerBound) / 2
    var row = 0
    if T.count <= 4 {
      while row &+ 2 <= y.rows {
        var one = TokenRow<T>(w, row, after: places[row], y)
        var two = TokenRow<T>(w, row &+ 1, after: places[row &+ 1], y)
        var (x, column) = (Int(bitPattern: x), columns.lowerBound)
        while column < columns.upperBound {
          one.fetchWord(w, row, column, end: columns.upperBound, ahead: ahead)
          two.fetchWord(w, row &+ 1, column, end: columns.upperBound, ahead: ahead)
          let (first, second) = (one.word.nonzeroBitCount, two.word.nonzeroBitCount)
          var both = first < second ? first : second
          // Four in a step, so that a processor can remember how many steps words with as many elements take, as those of 2:4 do.
          while T.count <= 3, both >= 4 {
            one.addColumn(of: x, back: back)
            two.addColumn(of: x, back: back)
            one.addColumn(of: x, back: back)
            two.addColumn(of: x, back: back)
            one.addColumn(of: x, back: back)
            two.addColumn(of: x, back: back)
            one.addColumn(of: x, back: back)
            two.addColumn(of: x, back: back)
            both &-= 4
          }
          while both > 0 {
            one.addColumn(of: x, back: back)
            two.addColumn(of: x, back: back)
            both &-= 1
          }
          while one.word != 0 { one.addColumn(of: x, back: back) }
          while two.word != 0 { two.addColumn(of: x, back: back) }
          x &-= 64 &* back
          column &+= 64
        }
        places[row] = one.store(w, row, y)
        places[row &+ 1] = two.store(w, row &+ 1, y)
        row &+= 2
      }
    }
    while row < y.rows {
      var one = TokenRow<T>(w, row, after: places[row], y)
      var (x, column) = (Int(bitPattern: x), columns.lowerBound)
      while column < columns.upperBound {
        one.fetchWord(w, row, column, end: columns.upperBound, ahead: ahead)
        while one.word != 0 { one.addColumn(of: x, back: back) }
        x &-= 64 &* back
        column &+= 64
      }
      places[row] = one.store(w, row, y)
      row &+= 1
    }
  }
}
