import Support
import Tensor
import TestSupport
import Testing

@Suite struct EigenvalueTests {
  static let sizes = [1, 2, 3, 7, 8, 9, 16, 33, 64, 65, 131]

  /// A random symmetric matrix with normally distributed elements.
  private func symmetric(_ n: Int, seed: UInt64) -> DoubleMatrix {
    var generator = SeededGenerator(seed: seed)
    var a = DoubleMatrix(rows: n, columns: n)
    for i in 0..<n {
      for j in 0...i {
        a[i, j] = generator.normal()
        a[j, i] = a[i, j]
      }
    }
    return a
  }

  /// Jacobi's method, which shares nothing with what is tested: rotations until nothing is left off the diagonal.
  private func jacobi(_ matrix: DoubleMatrix) -> [Double] {
    let n = matrix.rows
    var a = matrix.elements
    a.withUnsafeMutableBufferPointer { a in
      for _ in 0..<60 {
        var rest = 0.0
        for i in 0..<n { for j in 0..<i { rest += a[i * n + j] * a[i * n + j] } }
        if rest == 0 { break }
        for p in 0..<n {
          for q in p + 1..<max(n, p + 1) where a[p * n + q] != 0 {
            let theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q])
            let t = (theta < 0 ? -1 : 1) / (theta.magnitude + (theta * theta + 1).squareRoot())
            let c = 1 / (t * t + 1).squareRoot()
            let s = t * c
            for k in 0..<n {
              let (x, y) = (a[k * n + p], a[k * n + q])
              (a[k * n + p], a[k * n + q]) = (c * x - s * y, s * x + c * y)
            }
            for k in 0..<n {
              let (x, y) = (a[p * n + k], a[q * n + k])
              (a[p * n + k], a[q * n + k]) = (c * x - s * y, s * x + c * y)
            }
            // What a rotation leaves where it makes a zero is rounding; as a number it would keep the sweeps going.
            (a[p * n + q], a[q * n + p]) = (0, 0)
          }
        }
      }
    }
    return (0..<n).map { a[$0 * n + $0] }.sorted()
  }

  /// n ε times the Frobenius norm, which bounds the largest eigenvalue, with room for a small constant.
  private func tolerance(_ a: DoubleMatrix) -> Double { 8 * Double(a.rows) * 0x1p-53 * a.frobeniusNorm }

  private func expectEqual(_ found: [Double], _ expected: [Double], within bound: Double) {
    #expect(found.count == expected.count)
    #expect(found == found.sorted())
    for (x, y) in zip(found, expected) { #expect(abs(x - y) <= bound) }
  }

  @Test("Random matrices against Jacobi's method, of every size around whole vectors", arguments: sizes)
  func random(n: Int) throws {
    let a = symmetric(n, seed: UInt64(n))
    expectEqual(try SymmetricEigenvalues.ascending(a.elements, count: n), jacobi(a), within: tolerance(a))
  }

  @Test("Trace and Frobenius norm are those of the eigenvalues", arguments: sizes)
  func identities(n: Int) throws {
    let a = symmetric(n, seed: UInt64(1000 + n))
    let values = try SymmetricEigenvalues.ascending(a.elements, count: n)
    let trace = (0..<n).reduce(0) { $0 + a[$1, $1] }
    #expect(abs(values.reduce(0, +) - trace) <= Double(n) * tolerance(a))
    let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    #expect(abs(norm - a.frobeniusNorm) <= tolerance(a))
  }

  @Test("The second difference has eigenvalues 2 - 2 cos(kπ / (n + 1))", arguments: sizes)
  func secondDifference(n: Int) throws {
    var a = DoubleMatrix(rows: n, columns: n)
    for i in 0..<n {
      a[i, i] = 2
      if i > 0 { (a[i, i - 1], a[i - 1, i]) = (-1, -1) }
    }
    let expected = (1...n).map { 2 - 2 * Math.cos(Double($0) * .pi / Double(n + 1)) }
    expectEqual(try SymmetricEigenvalues.ascending(a.elements, count: n), expected, within: tolerance(a))
  }

  @Test("A spectrum over twelve orders of magnitude, turned by reflections, is found to n ε of its largest")
  func knownSpectrum() throws {
    let n = 40
    let spectrum = (0..<n).map { ($0 % 3 == 0 ? -1 : 1) * Math.pow(10, -12 * Double($0) / Double(n - 1)) }
    var a = DoubleMatrix(rows: n, columns: n)
    for i in 0..<n { a[i, i] = spectrum[i] }
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<4 {
      let v = (0..<n).map { _ in generator.normal() }
      let squares = v.reduce(0) { $0 + $1 * $1 }
      var h = DoubleMatrix.identity(n)
      for i in 0..<n { for j in 0..<n { h[i, j] -= 2 * v[i] * v[j] / squares } }
      a = h * a * h
    }
    // Only the lower triangle counts; the products round both differently.
    expectEqual(
      try SymmetricEigenvalues.ascending(a.elements, count: n), spectrum.sorted(), within: 4 * tolerance(a))
  }

  @Test("Only the lower triangle is read")
  func lowerTriangle() throws {
    let a = symmetric(9, seed: 5)
    var garbled = a
    for i in 0..<9 { for j in i + 1..<9 { garbled[i, j] = .nan } }
    #expect(
      try SymmetricEigenvalues.ascending(garbled.elements, count: 9)
        == SymmetricEigenvalues.ascending(a.elements, count: 9))
  }

  @Test("No row, one row, zeros, the identity, a diagonal matrix, and one of rank 1")
  func specialCases() throws {
    #expect(try SymmetricEigenvalues.ascending([], count: 0) == [])
    #expect(try SymmetricEigenvalues.ascending([-3], count: 1) == [-3])
    #expect(
      try SymmetricEigenvalues.ascending(Array(repeating: 0, count: 49), count: 7) == Array(repeating: 0, count: 7))
    #expect(
      try SymmetricEigenvalues.ascending(DoubleMatrix.identity(17).elements, count: 17)
        == Array(repeating: 1, count: 17))
    var diagonal = DoubleMatrix(rows: 5, columns: 5)
    for (i, value) in [3, -1, 0.5, 3, 0].enumerated() { diagonal[i, i] = value }
    #expect(try SymmetricEigenvalues.ascending(diagonal.elements, count: 5) == [-1, 0, 0.5, 3, 3])
    let ones = Array(repeating: 1.0, count: 144)
    expectEqual(
      try SymmetricEigenvalues.ascending(ones, count: 12), Array(repeating: 0, count: 11) + [12], within: 1e-14)
  }

  @Test("Elements at the ends of the number range neither overflow nor vanish", arguments: [0x1p1020, 0x1p-1060])
  func extremes(scale: Double) throws {
    let values = try SymmetricEigenvalues.ascending([1, 2, 2, 1].map { $0 * scale }, count: 2)
    // -1 and 3; at the lower end a step between two numbers is 2⁻¹⁰⁷⁴.
    #expect(abs(values[0] / scale + 1) < 1e-4 && abs(values[1] / scale - 3) < 1e-4)
  }

  @Test("What is not finite is an error", arguments: [Double.nan, .infinity, -.infinity])
  func notFinite(value: Double) {
    #expect(throws: EigenvalueError.notFinite) { try SymmetricEigenvalues.ascending([1, 0, value, 1], count: 2) }
    let weight = Matrix(rows: 2, columns: 3, elements: [1, 2, 3, 4, Float(value), 6])
    #expect(throws: EigenvalueError.notFinite) { try SymmetricEigenvalues.squaredSingularValues(of: weight) }
  }

  @Test(
    "Squared singular values are the eigenvalues of the smaller Gram matrix, of any shape",
    arguments: [(1, 1), (1, 9), (9, 1), (5, 5), (7, 40), (40, 7), (33, 130), (131, 65), (36, 257)])
  func singularValues(rows: Int, columns: Int) throws {
    let weight = Matrix.random(rows, columns, seed: UInt64(100 * rows + columns))
    let w = DoubleMatrix(weight)
    let gram = rows <= columns ? w * w.transposed : w.transposed * w
    let found = try SymmetricEigenvalues.squaredSingularValues(of: weight)
    expectEqual(found, jacobi(gram), within: 2 * tolerance(gram))
    let transposed = Matrix(rows: columns, columns: rows, elements: w.transposed.elements.map(Float.init))
    if rows != columns { #expect(try SymmetricEigenvalues.squaredSingularValues(of: transposed) == found) }
    let squares = w.frobeniusNorm * w.frobeniusNorm
    #expect(abs(found.reduce(0, +) - squares) <= Double(found.count) * tolerance(gram))
  }

  @Test("A weight that lacks rank has as many squared singular values at zero, none below it")
  func lackingRank() throws {
    let factors = (Matrix.random(30, 4, seed: 1), Matrix.random(4, 50, seed: 2))
    let product = DoubleMatrix(factors.0) * DoubleMatrix(factors.1)
    // Rounded to Float, the zeros become squares of that rounding.
    let weight = Matrix(rows: 30, columns: 50, elements: product.elements.map { Float($0) })
    let found = try SymmetricEigenvalues.squaredSingularValues(of: weight)
    let largest = try #require(found.last)
    #expect(found.prefix(26).allSatisfy { $0 >= 0 && $0 <= largest * 0x1p-40 })
    #expect(found.suffix(4).allSatisfy { $0 > largest * 1e-3 })
    #expect(try SymmetricEigenvalues.squaredSingularValues(of: Matrix(rows: 3, columns: 8)) == [0, 0, 0])
    #expect(try SymmetricEigenvalues.squaredSingularValues(of: Matrix(rows: 0, columns: 8)) == [])
  }

  @Test("The same to the bit for any number of threads")
  func threads() throws {
    let weight = Matrix.random(300, 420, seed: 9)
    let runs = try [1, 2, 3, 8].map { count in
      try withThreads(count) { try SymmetricEigenvalues.squaredSingularValues(of: weight) }
    }
    for run in runs.dropFirst() { #expect(run == runs[0]) }
  }
}
