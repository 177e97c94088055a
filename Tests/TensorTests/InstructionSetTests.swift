import KernelTemplate
import Support
import Tensor
import TestSupport
import Testing

/// Lane by lane, but with lists: for what is done with them, on any processor.
private enum ListingExpansion: BitmapExpansion {
  typealias Scalar = LaneByLane<SIMD4<Float>, ListingExpansion>
  typealias Vector = SIMD4<Float>

  static var isOneInstruction: Bool { false }
  static var tableByteCount: Int { 0 }
  static var listsColumns: Bool { true }
  static func fill(_ table: UnsafeMutableRawPointer) {}
  static func float32(at values: UnsafeRawPointer, bits: Int, table: UnsafeRawPointer) -> Vector {
    Scalar.float32(at: values, bits: bits, table: table)
  }
  static func float16(at values: UnsafeRawPointer, bits: Int, table: UnsafeRawPointer) -> Vector {
    Scalar.float16(at: values, bits: bits, table: table)
  }
  static func bfloat16(at values: UnsafeRawPointer, bits: Int, table: UnsafeRawPointer) -> Vector {
    Scalar.bfloat16(at: values, bits: bits, table: table)
  }
}

/// The tile that arm64 gets, on any processor: fused, twelve rows of two vectors of four.
private enum NEONShape: InstructionSet {
  typealias Vector = SIMD4<Float>
  typealias Arithmetic = FusedMultiplyAdd
  typealias UpperTile = EightRows<Vector, Arithmetic>
  typealias LowerTile = FourRows<Vector, Arithmetic>
  typealias Expansion = ListingExpansion
}

/// The innermost loops by themselves, each on every instruction set of this machine and on the shape that arm64 has.
@Suite struct InstructionSetTests {
  static let sets: [any InstructionSet.Type] =
    Kernel.allCases.filter { $0.isAvailable && $0 != .reference }.map(\.instructions) + [NEONShape.self]

  @Test("A tile of every height and width is packed, multiplied and stored, and nothing beside it is touched")
  func tiles() {
    for set in Self.sets {
      let (rows, columns) = (set.tileRows, set.tileColumns)
      for (height, width, depth) in [(1, 1, 1), (2, columns, 3), (rows / 2, columns - 1, 7), (rows, columns, 19)] {
        let a = Matrix.random(height, depth, seed: 1)
        let b = Matrix.random(width, depth, seed: 2)
        let before = Matrix.random(height + 1, width + 3, seed: 3)
        for accumulate in [false, true] {
          let found = Self.product(set, a, b, onto: before, accumulate: accumulate)
          for i in 0..<before.rows {
            for j in 0..<before.columns {
              let isInside = i < height && j < width
              var wanted = isInside && !accumulate ? 0 : Double(before[i, j])
              var bound = wanted.magnitude
              if isInside {
                for p in 0..<depth {
                  wanted += Double(a[i, p]) * Double(b[j, p])
                  bound += Double((a[i, p] * b[j, p]).magnitude)
                }
              }
              let tolerance = isInside ? bound * Double(depth + 4) * 0x1p-24 : 0
              #expect(abs(Double(found[i, j]) - wanted) <= tolerance, "\(set) (\(i), \(j)) of \(height) × \(width)")
            }
          }
        }
      }
    }
  }

  private static func product(
    _ set: any InstructionSet.Type, _ a: Matrix, _ b: Matrix, onto before: Matrix, accumulate: Bool
  ) -> Matrix {
    let (rows, columns, depth) = (set.tileRows, set.tileColumns, a.columns)
    var result = before
    let (packedA, packedB) = (
      AlignedStorage(byteCount: 4 * rows * depth), AlignedStorage(byteCount: 4 * columns * depth)
    )
    let edge = AlignedStorage(byteCount: 4 * rows * columns)
    let (pa, pb) = (
      packedA.pointer.assumingMemoryBound(to: Float.self), packedB.pointer.assumingMemoryBound(to: Float.self)
    )
    for (matrix, width, panel) in [(a, rows, pa), (b, columns, pb)] {
      matrix.withElements {
        let view = StridedView($0, rows: matrix.rows, columns: depth, rowStride: depth)
        set.pack(view, scale: 1, width: width, into: panel)
      }
    }
    result.withMutableElements {
      set.multiply(
        Panel(pa, depth: depth, stride: rows), Panel(pb, depth: depth, stride: columns),
        into: MutableRows($0, rows: a.rows, columns: b.rows, stride: before.columns),
        accumulate: accumulate, edge: edge.pointer.assumingMemoryBound(to: Float.self), next: edge.pointer)
    }
    withExtendedLifetime((packedA, packedB, edge)) {}
    return result
  }

  @Test("Every pattern of binary16 and bfloat16 is widened to its number, in vectors and alone")
  func widening() {
    for set in Self.sets {
      for type in [ElementType.float16, .bfloat16] {
        let bits = (0...UInt16.max).map { $0 } + [0, 1, 0x3C00]
        var found = [Float](repeating: 0, count: bits.count)
        bits.withUnsafeBytes { source in
          found.withUnsafeMutableBufferPointer { target in
            guard let source = source.baseAddress, let target = target.baseAddress else { return }
            set.widen(
              source: source, type: type == .float16 ? .float16 : .bfloat16, count: bits.count, target: target)
          }
        }
        var wrong: [UInt16] = []
        for (bits, value) in zip(bits, found) {
          let wanted = type == .float16 ? Half.widened(bits) : BFloat16.widened(bits)
          if wanted.isNaN ? !value.isNaN : wanted.bitPattern != value.bitPattern { wrong.append(bits) }
        }
        #expect(wrong.isEmpty, "\(set) \(type)")
      }
    }
  }

  @Test("Few tokens by a compressed weight have the same sums whether columns are listed first or not, to the bit")
  func listedColumns() {
    for set in Self.sets {
      let lanes = set.tileColumns / 2
      // Of those up to 256 columns the last word's number ends where a byte does; more are not listed.
      for (rows, depth, block) in [(1, 1, 256), (2, 63, 64), (3, 64, 256), (5, 200, 192), (8, 512, 256), (7, 300, 320)]
      {
        // Rows with all, some and none of their columns: in pairs, the first one has more, less and as many.
        var generator = SeededGenerator(seed: UInt64(depth))
        let kept = (0..<rows).map { row in
          (0..<depth).map { _ in row % 6 == 1 || row % 6 == 2 || (row % 6 != 4 && generator.unit() < 0.3) }
        }
        for vectors in 1...3 {
          let x = Matrix.random(depth, vectors * lanes, seed: 1)
          let found = [false, true].map { isListed in
            Self.sparseProduct(set, kept, x, block: block, isListed: isListed)
          }
          #expect(found[0].sums.bits == found[1].sums.bits, "\(set) (\(rows), \(depth)) by \(vectors) vectors")
          #expect(found[0].places == found[1].places && found[0].places == kept.map { $0.count { $0 } })
          for row in 0..<rows {
            for token in 0..<x.columns {
              let wanted = (0..<depth).reduce(0.0) {
                kept[row][$1] ? $0 + Double(Self.weight(row, $1)) * Double(x[$1, token]) : $0
              }
              #expect(abs(Double(found[1].sums[row, token]) - wanted) <= 2 * Double(depth * (depth + 4)) * 0x1p-24)
            }
          }
        }
      }
    }
  }

  private static func weight(_ row: Int, _ column: Int) -> Float { Float((row * 31 + column * 17) % 9 - 4) / 2 }

  /// The sums over blocks of columns, and how many elements of each row have been multiplied.
  private static func sparseProduct(
    _ set: any InstructionSet.Type, _ kept: [[Bool]], _ x: Matrix, block: Int, isListed: Bool
  ) -> (sums: Matrix, places: [Int]) {
    let (rows, depth) = (kept.count, x.rows)
    let stride = (depth + 7) / 8
    var bits = [UInt8](repeating: 0, count: rows * stride + 8)
    var (values, starts): ([Float], [Int]) = ([], [0])
    for row in 0..<rows {
      for column in 0..<depth where kept[row][column] {
        bits[row * stride + column / 8] |= 1 << UInt8(column % 8)
        values.append(weight(row, column))
      }
      starts.append(values.count)
    }
    values += [Float](repeating: 0, count: 16)
    let (tokens, sums) = (AlignedStorage(byteCount: 4 * x.count), AlignedStorage(byteCount: 4 * rows * x.columns))
    // What lies behind the lists stays as it is.
    let lists = AlignedStorage(byteCount: set.columnListByteCount + 64)
    lists.pointer.initializeMemory(as: UInt8.self, repeating: 0xA5, count: set.columnListByteCount + 64)
    var (places, result) = ([Int](repeating: 0, count: rows), Matrix(rows: rows, columns: x.columns))
    let (source, target) = (
      tokens.pointer.assumingMemoryBound(to: Float.self), sums.pointer.assumingMemoryBound(to: Float.self)
    )
    x.withElements { source.update(from: $0, count: x.count) }
    target.update(repeating: 0, count: rows * x.columns)
    bits.withUnsafeBytes { bits in
      values.withUnsafeBytes { values in
        starts.withUnsafeBufferPointer { starts in
          places.withUnsafeMutableBufferPointer { places in
            guard let bits = bits.baseAddress, let values = values.baseAddress, let starts = starts.baseAddress,
              let places = places.baseAddress
            else { return }
            let w = SparseView(
              bits: bits, bitStride: stride, values: values, .float32, starts: starts, rows: rows, columns: depth)
            for first in Swift.stride(from: 0, to: depth, by: block) {
              set.addSparseProduct(
                w, columns: first..<min(depth, first + block), places: places, of: source + first * x.columns,
                to: MutableRows(target, rows: rows, columns: x.columns, stride: x.columns),
                lists: isListed ? lists.pointer : nil)
            }
          }
        }
      }
    }
    result.withMutableElements { $0.update(from: target, count: rows * x.columns) }
    let bytes = UnsafeRawBufferPointer(start: lists.pointer, count: set.columnListByteCount + 64)
    #expect(bytes.suffix(64).allSatisfy { $0 == 0xA5 })
    let isUsed = bytes.dropLast(64).contains { $0 != 0xA5 }
    let isWanted = isListed && block <= set.listedColumns
    // A vector is written for a word of which nothing is kept, too.
    #expect(isUsed == isWanted || starts.allSatisfy { $0 == 0 })
    withExtendedLifetime((tokens, sums, lists)) {}
    return (result, places)
  }
}
