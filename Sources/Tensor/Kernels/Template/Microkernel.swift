// The innermost loop of every dense product, once, as a template. Each instruction set gets a thin target that inlines it, so
// that the same lines become SSE, AVX2, AVX-512 or NEON code.

/// How `c += a * b` is done.
///
/// Swift never contracts a product and a sum by itself, so the choice is spelled out.
@usableFromInline
package protocol MultiplyAdd {
  static func accumulate<V: SIMD>(_ c: inout V, _ a: V, _ b: V) where V.Scalar == Float
}

/// One instruction and one rounding.
///
/// Only for builds whose target has FMA: elsewhere it is a call per lane.
@frozen @usableFromInline
package enum FusedMultiplyAdd: MultiplyAdd {
  @inlinable @inline(__always)
  package static func accumulate<V: SIMD>(_ c: inout V, _ a: V, _ b: V) where V.Scalar == Float {
    c.addProduct(a, b)
  }
}

/// Two instructions and two roundings: what every processor has.
@frozen @usableFromInline
package enum SeparateMultiplyAdd: MultiplyAdd {
  @inlinable @inline(__always)
  package static func accumulate<V: SIMD>(_ c: inout V, _ a: V, _ b: V) where V.Scalar == Float {
    c += a * b
  }
}

/// Rows of a microkernel's tile.
///
/// Six rows of two vectors are twelve accumulators: more than the eight that hide the latency of a multiply-add (4 cycles, 2 a
/// cycle), and with two vectors of B and one of A they fit the sixteen registers of SSE and AVX2.
@inlinable
package var microkernelRows: Int { 6 }

/// C[6, 2V] = A[6, depth] · B[depth, 2V], or C += where `accumulate` is set.
///
/// - `a`: element (i, p) at i · `aRowStride` + p · `aDepthStride`. Its elements are broadcast one by one, so a row-major matrix
///   is read where it lies, and only others are packed. Rows from `rows` on are not read.
/// - `b`: packed, depth × 2V, aligned to a vector.
/// - `c`: row-major with `stride` floats from row to row. Only `rows` × `columns` of the tile are stored; at an edge the tile
///   passes through `edge` (6 × 2V floats). With `accumulate` false C is never read, so NaN in it does not survive.
/// - Each element is summed over depth in order, whatever the tile's position: results do not depend on the blocking of rows
///   and columns.
@inlinable @inline(__always)
package func microkernel<V: SIMD & BitwiseCopyable, M: MultiplyAdd>(
  depth: Int, a: UnsafePointer<Float>, aRowStride: Int, aDepthStride: Int, b: UnsafePointer<Float>,
  c: UnsafeMutablePointer<Float>, stride: Int, rows: Int, columns: Int, accumulate: Bool,
  edge: UnsafeMutablePointer<Float>, vector: V.Type, arithmetic: M.Type
) where V.Scalar == Float {
  var c00 = V.zero, c01 = V.zero
  var c10 = V.zero, c11 = V.zero
  var c20 = V.zero, c21 = V.zero
  var c30 = V.zero, c31 = V.zero
  var c40 = V.zero, c41 = V.zero
  var c50 = V.zero, c51 = V.zero
  let width = V.scalarCount
  // A row that does not exist is the first one read again; its results are not stored.
  var a0 = a
  var a1 = a + (rows > 1 ? aRowStride : 0)
  var a2 = a + (rows > 2 ? 2 * aRowStride : 0)
  var a3 = a + (rows > 3 ? 3 * aRowStride : 0)
  var a4 = a + (rows > 4 ? 4 * aRowStride : 0)
  var a5 = a + (rows > 5 ? 5 * aRowStride : 0)
  var b = UnsafeRawPointer(b)
  for _ in 0..<depth {
    let b0 = b.load(as: V.self)
    let b1 = b.load(fromByteOffset: 4 * width, as: V.self)
    let x0 = V(repeating: a0.pointee)
    M.accumulate(&c00, x0, b0)
    M.accumulate(&c01, x0, b1)
    a0 += aDepthStride
    let x1 = V(repeating: a1.pointee)
    M.accumulate(&c10, x1, b0)
    M.accumulate(&c11, x1, b1)
    a1 += aDepthStride
    let x2 = V(repeating: a2.pointee)
    M.accumulate(&c20, x2, b0)
    M.accumulate(&c21, x2, b1)
    a2 += aDepthStride
    let x3 = V(repeating: a3.pointee)
    M.accumulate(&c30, x3, b0)
    M.accumulate(&c31, x3, b1)
    a3 += aDepthStride
    let x4 = V(repeating: a4.pointee)
    M.accumulate(&c40, x4, b0)
    M.accumulate(&c41, x4, b1)
    a4 += aDepthStride
    let x5 = V(repeating: a5.pointee)
    M.accumulate(&c50, x5, b0)
    M.accumulate(&c51, x5, b1)
    a5 += aDepthStride
    b += 8 * width
  }

  let isWhole = rows == 6 && columns == 2 * width
  let target = UnsafeMutableRawPointer(isWhole ? c : edge)
  let rowBytes = 4 * (isWhole ? stride : 2 * width)
  if accumulate && isWhole {
    let c = UnsafeRawPointer(c)
    c00 += c.loadUnaligned(as: V.self)
    c01 += c.loadUnaligned(fromByteOffset: 4 * width, as: V.self)
    c10 += c.loadUnaligned(fromByteOffset: rowBytes, as: V.self)
    c11 += c.loadUnaligned(fromByteOffset: rowBytes + 4 * width, as: V.self)
    c20 += c.loadUnaligned(fromByteOffset: 2 * rowBytes, as: V.self)
    c21 += c.loadUnaligned(fromByteOffset: 2 * rowBytes + 4 * width, as: V.self)
    c30 += c.loadUnaligned(fromByteOffset: 3 * rowBytes, as: V.self)
    c31 += c.loadUnaligned(fromByteOffset: 3 * rowBytes + 4 * width, as: V.self)
    c40 += c.loadUnaligned(fromByteOffset: 4 * rowBytes, as: V.self)
    c41 += c.loadUnaligned(fromByteOffset: 4 * rowBytes + 4 * width, as: V.self)
    c50 += c.loadUnaligned(fromByteOffset: 5 * rowBytes, as: V.self)
    c51 += c.loadUnaligned(fromByteOffset: 5 * rowBytes + 4 * width, as: V.self)
  }
  target.storeBytes(of: c00, as: V.self)
  target.storeBytes(of: c01, toByteOffset: 4 * width, as: V.self)
  target.storeBytes(of: c10, toByteOffset: rowBytes, as: V.self)
  target.storeBytes(of: c11, toByteOffset: rowBytes + 4 * width, as: V.self)
  target.storeBytes(of: c20, toByteOffset: 2 * rowBytes, as: V.self)
  target.storeBytes(of: c21, toByteOffset: 2 * rowBytes + 4 * width, as: V.self)
  target.storeBytes(of: c30, toByteOffset: 3 * rowBytes, as: V.self)
  target.storeBytes(of: c31, toByteOffset: 3 * rowBytes + 4 * width, as: V.self)
  target.storeBytes(of: c40, toByteOffset: 4 * rowBytes, as: V.self)
  target.storeBytes(of: c41, toByteOffset: 4 * rowBytes + 4 * width, as: V.self)
  target.storeBytes(of: c50, toByteOffset: 5 * rowBytes, as: V.self)
  target.storeBytes(of: c51, toByteOffset: 5 * rowBytes + 4 * width, as: V.self)
  guard !isWhole else { return }
  for i in 0..<rows {
    for j in 0..<columns {
      let value = edge[i * 2 * width + j]
      c[i * stride + j] = accumulate ? c[i * stride + j] + value : value
    }
  }
}
