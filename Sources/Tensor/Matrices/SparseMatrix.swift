import KernelTemplate
import Support

/// A matrix as a bitmap and the elements that it keeps: 1 bit an element, and the stored type's bytes for each one kept.
///
/// What is left out is +0, all of whose bits are zero; -0 is kept, so that every bit of the matrix comes back. Immutable.
struct SparseMatrix: Sendable {
  let rows: Int
  let columns: Int
  let elementType: ElementType
  /// (rows, `bitStride`) bytes: bit c % 8 of byte c / 8 of a row tells whether column c is kept; bits behind the columns are zero.
  private let bits: AlignedStorage
  /// The kept elements, row by row.
  private let values: AlignedStorage
  /// rows + 1 numbers: row r keeps the elements from that at r to that at r + 1.
  private let starts: AlignedStorage

  /// How a product by this matrix, or by some of its rows, goes through it.
  let way: SparseWay

  /// What kernels read behind the last bit and the last value.
  static let bitPadding = 8
  static let valuePadding = 64

  /// Bytes of a row of the bitmap.
  static func bitStride(columns: Int) -> Int { (columns + 7) / 8 }

  private var bitStride: Int { Self.bitStride(columns: columns) }

  /// Number of elements that are kept.
  var keptCount: Int { startPointer[rows] }

  /// Bytes in memory, without what makes up whole vectors at the end.
  var byteCount: Int { Self.byteCount(rows: rows, columns: columns, elementType, kept: keptCount) }

  /// The same of any matrix, of which so many elements are kept.
  static func byteCount(rows: Int, columns: Int, _ type: ElementType, kept: Int) -> Int {
    rows * bitStride(columns: columns) + kept * type.byteCount + 8 * (rows + 1)
  }

  private var startPointer: UnsafeMutablePointer<Int> { starts.pointer.assumingMemoryBound(to: Int.self) }

  /// A matrix whose bits `fill` writes, of which it must set none behind the columns, and whose values follow by `fillValues`, which
  /// is told how many there are.
  ///
  /// Rethrows what the two throw.
  init<E: Error>(
    rows: Int, columns: Int, elementType: ElementType,
    bits fill: (UnsafeMutableRawBufferPointer) throws(E) -> Void,
    values fillValues: (UnsafeMutableRawBufferPointer, _ starts: UnsafePointer<Int>) throws(E) -> Void
  ) throws(E) {
    (self.rows, self.columns, self.elementType) = (rows, columns, elementType)
    let stride = Self.bitStride(columns: columns)
    bits = AlignedStorage(byteCount: rows * stride + Self.bitPadding)
    starts = AlignedStorage(byteCount: 8 * (rows + 1))
    try fill(UnsafeMutableRawBufferPointer(start: bits.pointer, count: rows * stride))
    (bits.pointer + rows * stride).initializeMemory(as: UInt8.self, repeating: 0, count: Self.bitPadding)
    let (source, counts) = (UnsafeRawPointer(bits.pointer), starts.pointer.assumingMemoryBound(to: Int.self))
    counts[0] = 0
    Parallel.forEachRange(rows, grain: 1 + (1 << 14) / (stride + 1)) { range in
      for row in range { counts[row + 1] = Self.count(source + row * stride, byteCount: stride) }
    }
    for row in 0..<rows { counts[row + 1] += counts[row] }
    way = SparseWay(
      kept: Double(counts[rows]) / Double(max(1, rows * columns)),
      isRegular: Self.isRegular(source, rows: rows, columns: columns), isFloat: elementType == .float32)
    let byteCount = counts[rows] * elementType.byteCount
    values = AlignedStorage(byteCount: byteCount + Self.valuePadding)
    try fillValues(UnsafeMutableRawBufferPointer(start: values.pointer, count: byteCount), UnsafePointer(counts))
    // Whatever is read here is multiplied by nothing, but must be memory that somebody wrote.
    (values.pointer + byteCount).initializeMemory(as: UInt8.self, repeating: 0, count: Self.valuePadding)
  }

  /// Whether the first whole words of a bitmap have as many bits each, as where groups of columns keep the same number.
  ///
  /// At random, sixteen words of half their bits do so once in 10^15 matrices.
  private static func isRegular(_ bits: UnsafeRawPointer, rows: Int, columns: Int) -> Bool {
    let (words, stride) = (columns / 64, bitStride(columns: columns))
    let sample = min(16, rows * words)
    let counts = (0..<sample).map { index in
      bits.loadUnaligned(fromByteOffset: index / words * stride + index % words * 8, as: UInt64.self).nonzeroBitCount
    }
    return sample == 16 && counts[0] > 0 && counts.allSatisfy { $0 == counts[0] }
  }

  /// Bits that are set.
  private static func count(_ bytes: UnsafeRawPointer, byteCount: Int) -> Int {
    var (sum, byte) = (0, 0)
    while byte + 8 <= byteCount {
      sum += bytes.loadUnaligned(fromByteOffset: byte, as: UInt64.self).nonzeroBitCount
      byte += 8
    }
    while byte < byteCount {
      sum += bytes.load(fromByteOffset: byte, as: UInt8.self).nonzeroBitCount
      byte += 1
    }
    return sum
  }

  /// The elements of a dense matrix, (rows, columns), row by row, but those whose bits are all zero.
  init(_ dense: UnsafeRawPointer, rows: Int, columns: Int, elementType: ElementType) {
    let width = elementType.byteCount
    self.init(dense, rows: rows, columns: columns, elementType: elementType) { row, column in
      let elements = dense + (row * columns + column) * width
      if column + 8 <= columns {
        return width == 4 ? Self.setBits(elements, as: UInt32.self) : Self.setBits(elements, as: UInt16.self)
      }
      var kept: UInt8 = 0
      for bit in 0..<columns - column {
        let byte = elements + bit * width
        let isKept =
          width == 4 ? byte.loadUnaligned(as: UInt32.self) != 0 : byte.loadUnaligned(as: UInt16.self) != 0
        if isKept { kept |= 1 << UInt8(bit) }
      }
      return kept
    }
  }

  /// Which of eight elements have a bit set, the first one lowest.
  ///
  /// As many at a time as a word holds: one by one, the processor would guess at each.
  @inline(__always)
  private static func setBits<Bits: FixedWidthInteger>(_ elements: UnsafeRawPointer, as _: Bits.Type) -> UInt8 {
    let width = UInt64(Bits.bitWidth)
    let perWord = 64 / Bits.bitWidth
    let lowest = UInt64.max / (1 << width - 1)
    let highest = lowest << (width - 1)
    // Moves the lowest bit of element i to bit i of the last element, where nothing else comes to lie.
    let gather = perWord == 4 ? 0x0001_0002_0004_0008 : 0x0000_0001_0000_0002 as UInt64
    var kept: UInt8 = 0
    for index in 0..<8 / perWord {
      let word = UInt64(littleEndian: elements.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
      let nonzero = ((word & ~highest) &+ ~highest | word) & highest
      let bits = ((nonzero >> (width - 1)) &* gather) >> (64 - width)
      kept |= UInt8(truncatingIfNeeded: bits & (1 << UInt64(perWord) - 1)) << UInt8(index * perWord)
    }
    return kept
  }

  /// The elements of a dense matrix, (rows, columns), row by row, whose bit is set in what `kept` tells of up to eight columns from one on,
  /// the first one lowest.
  @inline(__always)
  init(
    _ dense: UnsafeRawPointer, rows: Int, columns: Int, elementType: ElementType,
    kept: (_ row: Int, _ column: Int) -> UInt8
  ) {
    let rowBytes = Self.bitStride(columns: columns)
    let grain = 1 + (1 << 14) / (columns + 1)
    let width = elementType.byteCount
    self.init(rows: rows, columns: columns, elementType: elementType) { bits in
      guard let bits = bits.baseAddress else { return }
      Parallel.forEachRange(rows, grain: grain) { range in
        for row in range {
          for byte in 0..<rowBytes {
            bits.storeBytes(of: kept(row, 8 * byte), toByteOffset: row * rowBytes + byte, as: UInt8.self)
          }
        }
      }
    } values: { values, starts in
      guard let values = values.baseAddress else { return }
      Parallel.forEachRange(rows, grain: grain) { range in
        for row in range {
          var target = values + starts[row] * width
          for byte in 0..<rowBytes {
            let source = dense + (row * columns + 8 * byte) * width
            var rest = kept(row, 8 * byte)
            while rest != 0 {
              let element = source + rest.trailingZeroBitCount * width
              // Not copied as bytes, which would be a call for each.
              if width == 4 {
                target.storeBytes(of: element.loadUnaligned(as: UInt32.self), as: UInt32.self)
              } else {
                target.storeBytes(of: element.loadUnaligned(as: UInt16.self), as: UInt16.self)
              }
              target += width
              rest &= rest &- 1
            }
          }
        }
      }
    }
  }

  /// Writes some rows, (range.count, columns), as a dense matrix.
  func expand(_ range: Range<Int>, into target: UnsafeMutableRawPointer) {
    func expand<Bits: FixedWidthInteger & Sendable>(_: Bits.Type) {
      let target = target.assumingMemoryBound(to: Bits.self)
      withView { view in
        let values = view.values.assumingMemoryBound(to: Bits.self)
        Parallel.forEachRange(range.count, grain: 1 + (1 << 14) / (columns + 1)) { part in
          for index in part {
            let row = range.lowerBound + index
            let elements = target + index * columns
            elements.update(repeating: 0, count: columns)
            var next = view.starts[row]
            view.forEachKept(row: row, columns: 0..<columns) { column in
              elements[column] = values[next]
              next += 1
            }
          }
        }
      }
    }
    if elementType == .float32 { expand(UInt32.self) } else { expand(UInt16.self) }
  }

  /// Calls `body` with the elements where they lie, for kernels; valid during the call only.
  func withView<R>(_ body: (SparseView) -> R) -> R {
    defer { withExtendedLifetime((bits, values, starts)) {} }
    return body(
      SparseView(
        bits: bits.pointer, bitStride: bitStride, values: values.pointer, elementType.stored,
        starts: UnsafePointer(startPointer), rows: rows, columns: columns))
  }

  /// The kept elements as a matrix of one row.
  var storedValues: StoredMatrix {
    let storage = AlignedStorage(byteCount: keptCount * elementType.byteCount)
    storage.pointer.copyMemory(from: values.pointer, byteCount: storage.byteCount)
    return StoredMatrix(rows: 1, columns: keptCount, elementType: elementType, storage: storage)
  }

  /// Calls `body` with the bitmap and the values, as a file has them; valid during the call only.
  func withParts<R, E: Error>(
    _ body: (_ bits: UnsafeRawBufferPointer, _ values: UnsafeRawBufferPointer, _ starts: UnsafePointer<Int>) throws(E)
      -> R
  ) throws(E) -> R {
    defer { withExtendedLifetime((bits, values, starts)) {} }
    return try body(
      UnsafeRawBufferPointer(start: bits.pointer, count: rows * bitStride),
      UnsafeRawBufferPointer(start: values.pointer, count: keptCount * elementType.byteCount),
      UnsafePointer(startPointer))
  }
}

extension SparseView {
  /// Calls `body` with every kept column of a row within a range that begins with a multiple of 8, in order.
  @inline(__always)
  func forEachKept(row: Int, columns range: Range<Int>, _ body: (Int) -> Void) {
    var column = range.lowerBound
    while column < range.upperBound {
      var word = word(row: row, column: column, end: range.upperBound)
      while word != 0 {
        body(column + word.trailingZeroBitCount)
        word &= word &- 1
      }
      column += 64
    }
  }
}
