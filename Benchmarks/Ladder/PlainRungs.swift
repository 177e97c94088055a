import KernelTemplate
import Tensor

/// Three loops, and two steps from there towards a kernel, in plain Swift.
enum PlainRungs {
  /// What is added side by side: four vectors of SSE or NEON.
  private typealias Lanes = SIMD16<Float>
  private typealias Row = UnsafePointer<Float>

  // MARK: Loops

  /// One element of C after the other, each a sum over the depth.
  static func loops(_ a: Matrix, _ b: Matrix) -> Matrix {
    Operands.product(a, b) { operands in
      let (a, b, c) = (operands.a, operands.b, operands.c)
      for i in 0..<c.rows {
        for j in 0..<c.columns {
          let (x, y) = (row(i, of: a), row(j, of: b))
          var sum: Float = 0
          for p in 0..<a.columns { sum += x[p] * y[p] }
          c[i][j] = sum
        }
      }
    }
  }

  // MARK: Lanes

  /// Sixteen sums for an element of C instead of one: four vectors, of which none waits for another.
  static func lanes(_ a: Matrix, _ b: Matrix) -> Matrix {
    Operands.product(a, b) { operands in
      let (a, b, c) = (operands.a, operands.b, operands.c)
      for i in 0..<c.rows {
        for j in 0..<c.columns { c[i][j] = dot(row(i, of: a), row(j, of: b), a.columns) }
      }
    }
  }

  private static func dot(_ x: Row, _ y: Row, _ count: Int) -> Float {
    var sums = Lanes.zero
    let whole = count - count % Lanes.scalarCount
    for p in stride(from: 0, to: whole, by: Lanes.scalarCount) {
      sums += load(x + p, Lanes.self) * load(y + p, Lanes.self)
    }
    return (whole..<count).reduce(sums.sum()) { $0 + x[$1] * y[$1] }
  }

  // MARK: Registers

  /// Two rows by four columns of C at a time: each vector that is loaded serves two or four of eight multiply-adds.
  static func registers(_ a: Matrix, _ b: Matrix) -> Matrix {
    Operands.product(a, b) { operands in
      let (a, b, c) = (operands.a, operands.b, operands.c)
      for i in stride(from: 0, to: c.rows, by: 2) {
        for j in stride(from: 0, to: c.columns, by: 4) {
          if i + 2 <= c.rows, j + 4 <= c.columns {
            block(i, j, operands)
          } else {
            for i in i..<min(i + 2, c.rows) {
              for j in j..<min(j + 4, c.columns) { c[i][j] = dot(row(i, of: a), row(j, of: b), a.columns) }
            }
          }
        }
      }
    }
  }

  private static func block(_ i: Int, _ j: Int, _ operands: Operands) {
    typealias Four = SIMD4<Float>
    let (a, b, c) = (operands.a, operands.b, operands.c)
    let (x0, x1) = (row(i, of: a), row(i + 1, of: a))
    let (y0, y1, y2, y3) = (row(j, of: b), row(j + 1, of: b), row(j + 2, of: b), row(j + 3, of: b))
    var (s00, s01, s02, s03) = (Four.zero, Four.zero, Four.zero, Four.zero)
    var (s10, s11, s12, s13) = (Four.zero, Four.zero, Four.zero, Four.zero)
    let whole = a.columns - a.columns % 4
    for p in stride(from: 0, to: whole, by: 4) {
      let (u0, u1) = (load(x0 + p, Four.self), load(x1 + p, Four.self))
      let (v0, v1) = (load(y0 + p, Four.self), load(y1 + p, Four.self))
      s00 += u0 * v0
      s10 += u1 * v0
      s01 += u0 * v1
      s11 += u1 * v1
      let (v2, v3) = (load(y2 + p, Four.self), load(y3 + p, Four.self))
      s02 += u0 * v2
      s12 += u1 * v2
      s03 += u0 * v3
      s13 += u1 * v3
    }
    for (row, (x, sums)) in [(x0, [s00, s01, s02, s03]), (x1, [s10, s11, s12, s13])].enumerated() {
      for (column, (y, sum)) in zip([y0, y1, y2, y3], sums).enumerated() {
        c[i + row][j + column] = (whole..<a.columns).reduce(sum.sum()) { $0 + x[$1] * y[$1] }
      }
    }
  }

  private static func row(_ index: Int, of view: StridedView) -> Row { view.floats + index * view.rowStride }

  private static func load<Vector: SIMD>(_ elements: Row, _: Vector.Type) -> Vector {
    UnsafeRawPointer(elements).loadUnaligned(as: Vector.self)
  }
}
