import Support
import Tensor

/// Where a weight was zero before it was pruned: one bit an element, row by row.
struct ZeroPositions {
  /// Bit i % 64 of word i / 64 tells whether element i was zero.
  private let words: [UInt64]

  /// The zeros of a weight; nil where it has none.
  init?(of weight: Matrix) {
    let count = weight.rows * weight.columns
    words = weight.withElements { w in
      Parallel.map((count + 63) / 64) { word in
        (64 * word..<min(64 * word + 64, count)).reduce(0) { $0 | (w[$1] == 0 ? 1 << UInt64($1 % 64) : 0) }
      }
    }
    guard words.contains(where: { $0 != 0 }) else { return nil }
  }

  /// Elements that are zero in one matrix and not in the other, of the same shape; nil stands for a matrix without zeros.
  static func differences(_ a: ZeroPositions?, _ b: ZeroPositions?) -> Int {
    guard let a else { return b?.words.reduce(0) { $0 + $1.nonzeroBitCount } ?? 0 }
    guard let b else { return differences(nil, a) }
    return zip(a.words, b.words).reduce(0) { $0 + ($1.0 ^ $1.1).nonzeroBitCount }
  }

  /// Writes zeros to these places of a matrix of the same shape.
  func clear(_ matrix: inout Matrix) {
    let count = matrix.count
    matrix.withMutableElements { x in
      Parallel.forEachRange(words.count, grain: 1 << 8) { range in
        for word in range where words[word] != 0 {
          for i in 64 * word..<min(64 * word + 64, count) where self[i] { x[i] = 0 }
        }
      }
    }
  }

  /// Whether element `i`, counted row by row, was zero.
  @inline(__always)
  subscript(_ i: Int) -> Bool { words[i / 64] >> UInt64(i % 64) & 1 == 1 }
}
