import Tensor

/// A few rows by a large weight: what a linear does while a model writes token by token.
///
/// All of the weight is read for little arithmetic, so memory is the limit.
enum GEMVBenchmark: Benchmark {
  static let name = "gemv"
  static let summary = "a few rows R by a weight (N, K) that no cache holds, in F32, BF16 and F16"
  static let dimensions = ["R", "N", "K"]
  static let sizes = [4096, 32000].flatMap { n in [1, 4, 8].map { Size([$0, n, n == 4096 ? 4096 : 2048]) } }

  /// Bytes of weights that a run goes through: twice the last-level cache, so that none of it is found there.
  ///
  /// A weight that is smaller is there in several copies, which take turns. The peers' harness says the same.
  private static let workingSet = max(192 << 20, 2 * (Machine.lastLevelCacheBytes ?? 0))

  /// Elements of a weight at least: of smaller ones there would be so many copies that the calls are what is timed.
  private static let leastElements = 1 << 16

  static func bytes(_ size: Size) -> Int { workingSet + 12 * size[1] * size[2] + 4 * size[0] * (size[1] + size[2]) }

  static func check(_ size: Size) throws(BenchmarkError) {
    guard size[1] * size[2] >= leastElements else {
      throw .usage("--size \(size): a weight has \(leastElements) elements at least")
    }
  }

  static func run(_ size: Size, _ session: Session) throws {
    let inputs = Matrix.uniform(size[0], size[2], seed: 1)
    let weight = Matrix.uniform(size[1], size[2], seed: 2)
    for type in ElementType.allCases {
      let stored = StoredMatrix(weight, as: type)
      let identifier = identifier(size, type.rawValue.lowercased())
      try MatmulBenchmark.verify(matmul(inputs, transposed: stored), inputs, stored.widened(), identifier)
      let copies = copies(of: stored)
      let work = Work(bytesRead: Double(stored.byteCount))
      session.measure(name, identifier, work) {
        Harness.time { for weight in copies { Harness.consume(matmul(inputs, transposed: weight)) } }
          .divided(by: copies.count)
      }
    }
  }

  static func copies(of weight: StoredMatrix) -> [StoredMatrix] {
    let count = max(1, (workingSet + weight.residentByteCount - 1) / weight.residentByteCount)
    return [weight]
      + (1..<max(count, 1)).map { _ in
        if weight.isCompressed { return weight.expanded().compressed() }
        let storage = AlignedStorage(byteCount: weight.byteCount)
        weight.withBytes { storage.pointer.copyMemory(from: $0, byteCount: weight.byteCount) }
        return StoredMatrix(
          rows: weight.rows, columns: weight.columns, elementType: weight.elementType, storage: storage)
      }
  }
}

extension Timing {
  /// The times of one of `count` equal parts of the work.
  func divided(by count: Int) -> Timing {
    let count = Double(count)
    return Timing(runs: runs, median: median / count, least: least / count, most: most / count)
  }
}
