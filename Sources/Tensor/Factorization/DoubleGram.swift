import Support

/// The products of all pairs of rows, or of columns, of a weight: W Wᵀ or Wᵀ W, whichever is smaller.
///
/// In Double, because the eigenvalues are wanted down to the smallest: those of a weight of 4,096 columns span eight orders of
/// magnitude, and the rounding of a sum in Float is seven below the largest. A product of two Floats is exact in Double, so every
/// sum has the rounding of its additions only, and the same bits with fused multiply-adds and without.
///
/// The weight is read in panels, each copied in tiles of four lines with the numbers that are multiplied by each other side by
/// side; a thread owns some lines of the result and adds the panels in their order.
struct DoubleGram {
  private typealias Lanes = SIMD4<Double>
  /// Lines of a tile.
  private static let width = Lanes.scalarCount
  /// Numbers of a line in a panel: a tile takes 4 KiB, so that eight of them and one of another fit the first cache.
  private static let depth = 128
  /// Tiles of a task.
  private static let group = 8

  /// The lines whose products are taken: the rows of the weight, or its columns where those are fewer.
  let lines: Int
  private let weight: Matrix
  private let takesRows: Bool

  init(of weight: Matrix) {
    self.weight = weight
    takesRows = weight.rows <= weight.columns
    lines = min(weight.rows, weight.columns)
  }

  /// Bytes that the result and a panel take.
  static func footprint(lines: Double) -> Double {
    SymmetricDoubles.byteCount(lines) + 8 * Double(depth) * (lines + Double(width))
  }

  /// Complexity: rows · columns · min(rows, columns) / 2 multiply-adds.
  func matrix() -> SymmetricDoubles {
    let result = SymmetricDoubles(count: lines)
    let length = max(weight.rows, weight.columns)
    let tiles = (lines + Self.width - 1) / Self.width
    let panel = AlignedStorage(byteCount: 8 * Self.depth * Self.width * tiles)
    result.withElements { sums in
      let numbers = panel.pointer.assumingMemoryBound(to: Double.self)
      for start in stride(from: 0, to: length, by: Self.depth) {
        let depth = min(Self.depth, length - start)
        copy(start..<start + depth, into: numbers, tiles: tiles)
        Parallel.forEach((tiles + Self.group - 1) / Self.group) { task in
          let own = task * Self.group..<min(tiles, (task + 1) * Self.group)
          // Only products of a line with those up to its own tile; the others are the same numbers.
          for other in 0..<own.upperBound {
            for tile in max(own.lowerBound, other)..<own.upperBound {
              add(numbers, tile, other, depth, to: sums, stride: result.stride)
            }
          }
        }
      }
      mirror(sums, stride: result.stride)
    }
    withExtendedLifetime(panel) {}
    return result
  }

  /// Copies a range of all lines, tile by tile; zeros for lines that fill up the last tile.
  private func copy(_ range: Range<Int>, into panel: UnsafeMutablePointer<Double>, tiles: Int) {
    let (columns, width) = (weight.columns, Self.width)
    weight.withElements { w in
      Parallel.forEachRange(tiles, grain: 64) { part in
        for tile in part {
          let target = panel + tile * width * Self.depth
          for lane in 0..<width {
            let line = tile * width + lane
            for (k, place) in range.enumerated() {
              let value = line >= lines ? 0 : takesRows ? w[line * columns + place] : w[place * columns + line]
              target[k * width + lane] = Double(value)
            }
          }
        }
      }
    }
  }

  /// Adds the products of two tiles.
  @inline(__always)
  private func add(
    _ panel: UnsafePointer<Double>, _ tile: Int, _ other: Int, _ depth: Int, to sums: UnsafeMutablePointer<Double>,
    stride: Int
  ) {
    let width = Self.width
    let a = panel + tile * width * Self.depth
    let b = UnsafeRawPointer(panel + other * width * Self.depth)
    var (s0, s1, s2, s3) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
    for k in 0..<depth {
      let y = b.load(fromByteOffset: 8 &* width &* k, as: Lanes.self)
      let x = a + width &* k
      s0 += x[0] * y
      s1 += x[1] * y
      s2 += x[2] * y
      s3 += x[3] * y
    }
    func store(_ sum: Lanes, _ lane: Int) {
      let line = tile * width + lane
      guard line < lines else { return }
      // Rows are padded to eight, so a tile of four never leaves its row.
      let place = UnsafeMutableRawPointer(sums + line * stride + other * width)
      place.storeBytes(of: place.loadUnaligned(as: Lanes.self) + sum, as: Lanes.self)
    }
    store(s0, 0)
    store(s1, 1)
    store(s2, 2)
    store(s3, 3)
  }

  /// Copies the lower triangle to the upper one.
  private func mirror(_ sums: UnsafeMutablePointer<Double>, stride: Int) {
    Parallel.forEachRange(lines, grain: 64) { rows in
      for i in rows { for j in i + 1..<lines { sums[i * stride + j] = sums[j * stride + i] } }
    }
  }
}
