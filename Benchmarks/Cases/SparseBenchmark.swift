import Support
import Tensor

/// Rows by a large weight with zeros, dense and with the zeros left out: where leaving them out begins to pay.
enum SparseBenchmark: Benchmark {
  static let name = "sparse"
  static let summary = "rows R by a weight (N, K) with Z percent zeros, and with 2:4, dense and compressed"
  static let dimensions = ["R", "N", "K", "Z"]
  static let sizes = [[1, 4096, 4096], [8, 4096, 4096], [64, 2048, 2048], [512, 2048, 2048]].flatMap { shape in
    [50, 70].map { Size(shape + [$0]) }
  }

  /// How much of a weight is zero, and how.
  private enum Zeros {
    case random(Double)
    /// Two of four consecutive ones.
    case twoOfFour

    var name: String {
      switch self {
      case .random: "sparse"
      case .twoOfFour: "2:4"
      }
    }

    func applied(to matrix: Matrix) -> Matrix {
      var result = matrix
      var generator = SeededGenerator(seed: 3)
      let count = matrix.count
      result.withMutableElements { elements in
        switch self {
        case .random(let fraction):
          for i in 0..<count where generator.unit() < fraction { elements[i] = 0 }
        case .twoOfFour:
          for group in stride(from: 0, to: count - 3, by: 4) {
            let first = Int(generator.next() % 4)
            elements[group + first] = 0
            elements[group + (first + 1 + Int(generator.next() % 3)) % 4] = 0
          }
        }
      }
      return result
    }
  }

  static func bytes(_ size: Size) -> Int { GEMVBenchmark.bytes(size) + 8 * size[1] * size[2] }

  static func check(_ size: Size) throws(BenchmarkError) {
    guard size[3] <= 100 else { throw .usage("--size \(size): Z is a percentage, at most 100") }
    try GEMVBenchmark.check(size)
  }

  static func run(_ size: Size, _ session: Session) throws {
    let inputs = Matrix.uniform(size[0], size[2], seed: 1)
    let weight = Matrix.uniform(size[1], size[2], seed: 2)
    for zeros in [Zeros.random(Double(size[3]) / 100), .twoOfFour] {
      let matrix = zeros.applied(to: weight)
      for type in ElementType.allCases {
        let dense = StoredMatrix(matrix, as: type)
        for (form, stored) in [("dense", dense), (zeros.name, dense.compressed())] {
          // A dense product takes the same time whatever its zeros.
          if form == "dense", case .twoOfFour = zeros { continue }
          let identifier = identifier(size, "\(type.rawValue.lowercased())-\(form)")
          try MatmulBenchmark.verify(matmul(inputs, transposed: stored), inputs, dense.widened(), identifier)
          // Of up to eight rows the limit is what is read, of more what is multiplied, zeros included: the figures are comparable.
          let isNarrow = size[0] <= 8
          // Of so few rows it shows in the time whether a cache holds the weight; that of a model is in none.
          let copies = size[0] < 128 ? GEMVBenchmark.copies(of: stored) : [stored]
          let work =
            isNarrow
            ? Work(bytesRead: Double(stored.residentByteCount))
            : Work(operations: 2 * Double(size[0]) * Double(size[1]) * Double(size[2]))
          session.measure(name, identifier, work) {
            Harness.time { for weight in copies { Harness.consume(matmul(inputs, transposed: weight)) } }
              .divided(by: copies.count)
          }
        }
      }
    }
  }
}
