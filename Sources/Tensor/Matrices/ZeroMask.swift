import Support

/// Which elements of a matrix became zero while the others kept every bit: one bit an element instead of a second matrix.
package struct ZeroMask: Sendable {
  /// Bit i % 64 of word i / 64 tells whether element i was kept, row by row.
  private let words: [UInt64]

  /// The mask that leads from one matrix to another; nil where an element of theirs differs otherwise than by being +0.
  ///
  /// - Precondition: both have the same shape.
  package init?(from dense: StoredMatrix, to pruned: StoredMatrix) {
    precondition(dense.rows == pruned.rows && dense.columns == pruned.columns)
    guard dense.elementType == pruned.elementType else { return nil }
    func compare<Bits: FixedWidthInteger & Sendable>(_: Bits.Type) -> [UInt64]? {
      let count = dense.count
      return dense.withBytes { before in
        pruned.withBytes { after in
          let (before, after) = (before.assumingMemoryBound(to: Bits.self), after.assumingMemoryBound(to: Bits.self))
          // Set where a word holds an element that is neither kept nor zero.
          let others = Parallel.map((count + 63) / 64) { word -> (kept: UInt64, isOther: Bool) in
            var (kept, isOther) = (0 as UInt64, false)
            for element in 64 * word..<min(64 * word + 64, count) {
              if after[element] == before[element] {
                kept |= 1 << UInt64(element % 64)
              } else if after[element] != 0 {
                isOther = true
              }
            }
            return (kept, isOther)
          }
          return others.contains { $0.isOther } ? nil : others.map(\.kept)
        }
      }
    }
    let words = dense.elementType == .float32 ? compare(UInt32.self) : compare(UInt16.self)
    guard let words else { return nil }
    self.words = words
  }

  /// The matrix with zeros where the mask has them.
  ///
  /// - Precondition: it has the shape of the one that the mask was taken from.
  package func applied(to dense: StoredMatrix) -> StoredMatrix {
    precondition((dense.count + 63) / 64 == words.count)
    let storage = AlignedStorage(byteCount: dense.byteCount)
    dense.withBytes { source in
      let target = storage.pointer
      let (count, type) = (dense.count, dense.elementType)
      Parallel.forEachRange(words.count, grain: 1 << 8) { range in
        for word in range {
          let elements = 64 * word..<min(64 * word + 64, count)
          if type == .float32 {
            Self.clear(UInt32.self, words[word], elements, source, target)
          } else {
            Self.clear(UInt16.self, words[word], elements, source, target)
          }
        }
      }
    }
    return StoredMatrix(rows: dense.rows, columns: dense.columns, elementType: dense.elementType, storage: storage)
  }

  /// The same matrix compressed, as far as the mask tells: a zero that the dense matrix had is one of the elements, which can have another way
  /// to multiply chosen than where it is left out, and other last bits.
  ///
  /// - Precondition: it has the shape of the one that the mask was taken from.
  package func compressed(_ dense: StoredMatrix) -> StoredMatrix {
    precondition((dense.count + 63) / 64 == words.count)
    let columns = dense.columns
    return dense.withBytes { source in
      StoredMatrix(
        SparseMatrix(source, rows: dense.rows, columns: columns, elementType: dense.elementType) { row, column in
          eight(at: row * columns + column, count: min(8, columns - column))
        })
    }
  }

  /// Up to eight of the bits from one on, the first one lowest.
  @inline(__always)
  private func eight(at bit: Int, count: Int) -> UInt8 {
    let (first, shift) = (bit >> 6, UInt64(bit & 63))
    var word = words[first] >> shift
    if shift > 56, first + 1 < words.count { word |= words[first + 1] << (64 - shift) }
    return UInt8(truncatingIfNeeded: word & (1 << UInt64(count) - 1))
  }

  /// Copies up to 64 elements, those that are kept, and zeros for the others.
  @inline(__always)
  private static func clear<Bits: FixedWidthInteger & SIMDScalar>(
    _: Bits.Type, _ kept: UInt64, _ elements: Range<Int>, _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer
  ) {
    let size = MemoryLayout<Bits>.size
    guard elements.count == 64 else {
      for (bit, element) in elements.enumerated() {
        // All ones where the element is kept.
        let ones = 0 &- Bits(truncatingIfNeeded: kept >> UInt64(bit) & 1)
        let value = source.load(fromByteOffset: size * element, as: Bits.self)
        target.storeBytes(of: value & ones, toByteOffset: size * element, as: Bits.self)
      }
      return
    }
    // Sixteen at a time, without comparisons, which are no vector code in a generic function: each lane's own bit is carried to
    // the top, and from there to all others.
    for group in 0..<4 {
      let bits = SIMD16<Bits>(repeating: Bits(truncatingIfNeeded: kept >> UInt64(16 * group) & 0xFFFF))
      var (own, up) = (SIMD16<Bits>(), SIMD16<Bits>())
      for lane in 0..<16 {
        own[lane] = 1 << Bits(lane)
        up[lane] = 1 << Bits(Bits.bitWidth - 1 - lane)
      }
      let top = ((bits & own) &* up) &>> SIMD16<Bits>(repeating: Bits(Bits.bitWidth - 1))
      let offset = size * (elements.lowerBound + 16 * group)
      let value = source.loadUnaligned(fromByteOffset: offset, as: SIMD16<Bits>.self)
      target.storeBytes(of: value & (SIMD16<Bits>() &- top), toByteOffset: offset, as: SIMD16<Bits>.self)
    }
  }

  /// Elements that are kept; O(elements / 64).
  package var keptCount: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

  /// Bytes in memory.
  package var byteCount: Int { 8 * words.count }
}
