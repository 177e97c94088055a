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
    func clear<Bits: FixedWidthInteger & Sendable>(_: Bits.Type) {
      dense.withBytes { source in
        let source = source.assumingMemoryBound(to: Bits.self)
        let target = storage.pointer.assumingMemoryBound(to: Bits.self)
        let count = dense.count
        Parallel.forEachRange(words.count, grain: 1 << 10) { range in
          for word in range {
            let kept = words[word]
            for element in 64 * word..<min(64 * word + 64, count) {
              // All ones where the element is kept.
              let ones = 0 &- Bits(truncatingIfNeeded: kept >> UInt64(element % 64) & 1)
              target[element] = source[element] & ones
            }
          }
        }
      }
    }
    if dense.elementType == .float32 { clear(UInt32.self) } else { clear(UInt16.self) }
    return StoredMatrix(rows: dense.rows, columns: dense.columns, elementType: dense.elementType, storage: storage)
  }

  /// Bytes in memory.
  package var byteCount: Int { 8 * words.count }
}
