import Support
import Tensor

/// The product A · Bᵀ of (M, K) by (N, K) from three loops to the engine's own, rung by rung: `matmul --ladder`.
enum LadderBenchmark: Benchmark {
  static let name = "ladder"
  static let summary = MatmulBenchmark.summary
  static let dimensions = MatmulBenchmark.dimensions
  /// The first rung needs seconds for it, and its operands are larger than the nearest caches.
  static let sizes = [Size([1024, 1024, 1024])]

  static func bytes(_ size: Size) -> Int { MatmulBenchmark.bytes(size) }

  /// One way to compute the product.
  private struct Rung {
    let name: String
    /// Whether it uses the threads that are asked for, too.
    var isParallel = false
    let product: @Sendable (Matrix, Matrix) -> Matrix
  }

  /// Text that no instruction set changes, and how it goes on with a kernel's tile.
  private static func rungs(of kernel: Kernel) -> [Rung] {
    if kernel == .reference {
      return [
        Rung(name: "1-loops", product: PlainRungs.loops),
        Rung(name: "2-lanes", product: PlainRungs.lanes),
        Rung(name: "3-registers", product: PlainRungs.registers),
      ]
    }
    let packed = PackedRungs(kernel.instructions)
    return [
      Rung(name: "4-panels", product: packed.panels),
      Rung(name: "5-blocks", product: packed.blocks),
      Rung(name: "6-tasks", isParallel: true) { matmul($0, transposed: $1) },
    ]
  }

  static func run(_ size: Size, _ session: Session) throws {
    let (m, n, k) = (size[0], size[1], size[2])
    let (a, b) = (Matrix.uniform(m, k, seed: 1), Matrix.uniform(n, k, seed: 2))
    let work = Work(operations: 2 * Double(m) * Double(n) * Double(k))
    for rung in rungs(of: Kernel.current) {
      let identifier = identifier(size, rung.name)
      try Parallel.$threadCount.withValue(1) {
        try MatmulBenchmark.verify(rung.product(a, b), a, b, identifier)
      }
      let threads = rung.isParallel ? Set([1] + session.threads).sorted() : [1]
      session.measure(name, identifier, work, threads: threads) { Harness.time { rung.product(a, b) } }
    }
  }
}
