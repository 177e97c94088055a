import KernelTemplate
import Tensor
import TestSupport
import Testing

/// The tile that arm64 gets, on any processor: fused, twelve rows of two vectors of four.
private enum NEONShape: InstructionSet {
  typealias Vector = SIMD4<Float>
  typealias Arithmetic = FusedMultiplyAdd
  typealias UpperTile = EightRows<Vector, Arithmetic>
  typealias LowerTile = FourRows<Vector, Arithmetic>
  typealias Expansion = LaneByLane<Vector, NEONShape>
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
}
