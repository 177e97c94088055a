import Support

extension Matrix {
  /// Adds a multiple of a matrix of the same shape.
  package mutating func add(_ other: Matrix, times factor: Float) {
    precondition(rows == other.rows && columns == other.columns, "shapes differ")
    other.withElements { y in
      forEachRows { x, range, columns, _ in
        let y = y + range.lowerBound * columns
        for i in 0..<range.count * columns { x[i] += factor * y[i] }
      }
    }
  }

  /// Adds to every row the same row of a matrix of the same shape, times a number of its own.
  package mutating func addRows(of other: Matrix, times factors: [Float]) {
    precondition(rows == other.rows && columns == other.columns && factors.count == rows, "shapes differ")
    other.withElements { y in
      forEachRows { x, rows, columns, _ in
        for (i, row) in rows.enumerated() {
          for j in 0..<columns { x[i * columns + j] += factors[row] * y[row * columns + j] }
        }
      }
    }
  }

  /// Multiplies every row by a number of its own.
  package mutating func scaleRows(by factors: [Double]) {
    precondition(factors.count == rows, "\(factors.count) factors do not fit \(rows) rows")
    forEachRows { x, rows, columns, instructions in
      for (i, row) in rows.enumerated() where factors[row] != 1 {
        instructions.scale(x + i * columns, count: columns, by: Float(factors[row]))
      }
    }
  }

  /// Multiplies every column by a number of its own.
  package mutating func multiplyColumns(by factors: [Float]) {
    precondition(factors.count == columns, "\(factors.count) factors do not fit \(columns) columns")
    factors.withUnsafeBufferPointer { factors in
      forEachRows { x, rows, columns, _ in
        for i in 0..<rows.count { for j in 0..<columns { x[i * columns + j] *= factors[j] } }
      }
    }
  }

  /// Overwrites the elements by those of a matrix of the same shape, in the memory that is there.
  package mutating func copy(_ other: Matrix) {
    precondition(rows == other.rows && columns == other.columns, "shapes differ")
    other.withElements { y in
      forEachRows { x, range, columns, _ in
        x.update(from: y + range.lowerBound * columns, count: range.count * columns)
      }
    }
  }

  /// The product of every row with the same row of a matrix of the same shape: (rows), summed in the order of the columns in
  /// Double.
  package func rowProducts(with other: Matrix) -> [Double] {
    precondition(rows == other.rows && columns == other.columns, "shapes differ")
    let columns = columns
    return withElements { x in
      other.withElements { y in
        Parallel.map(rows) { row in
          var sum = 0.0
          for i in row * columns..<(row + 1) * columns { sum += Double(x[i]) * Double(y[i]) }
          return sum
        }
      }
    }
  }
}
