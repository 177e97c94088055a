import Support

/// One kind of work that can be timed, at any size.
protocol Benchmark: Sendable {
  /// What it is called on the command line, and the first part of its cases' names.
  static var name: String { get }
  /// One line for the help.
  static var summary: String { get }
  /// The letters of a size's dimensions; empty where the work has no size.
  static var dimensions: [String] { get }
  /// Sizes that are run unless others are asked for.
  static var sizes: [Size] { get }

  /// Whether the kernel of the matrix product makes a difference.
  static var dependsOnKernel: Bool { get }
  /// Whether it runs on as many threads as the command line says.
  static var dependsOnThreads: Bool { get }

  /// Bytes of memory that a size needs.
  static func bytes(_ size: Size) -> Int
  /// Throws where the dimensions of a size do not go together.
  static func check(_ size: Size) throws(BenchmarkError)
  /// Verifies the work on the session's kernel, then times it.
  static func run(_ size: Size, _ session: Session) throws
}

extension Benchmark {
  static var dimensions: [String] { [] }
  static var sizes: [Size] { [Size([])] }
  static var dependsOnKernel: Bool { true }
  static var dependsOnThreads: Bool { true }
  static func bytes(_ size: Size) -> Int { 0 }
  static func check(_ size: Size) throws(BenchmarkError) {}

  /// How a size is written, such as MxNxK.
  static var form: String { dimensions.joined(separator: "x") }

  /// The name of a case: benchmark, size, variant.
  static func identifier(_ size: Size, _ variant: String) -> String { "\(name)/\(size)/\(variant)" }
}

/// All benchmarks, in the order in which they run.
let allBenchmarks: [any Benchmark.Type] = [
  MatmulBenchmark.self, GEMVBenchmark.self, SparseBenchmark.self, AttentionBenchmark.self, CholeskyBenchmark.self,
  SparseGPTBenchmark.self, ReconstructionBenchmark.self, WandaBenchmark.self, ForwardBenchmark.self,
  TokenizerBenchmark.self, ShapleyBenchmark.self, RoundsBenchmark.self,
]

/// The dimensions of a case, written 2048x768x768.
struct Size: Equatable, CustomStringConvertible {
  /// The largest dimension that a command line may ask for: no product that is formed of a few of them overflows.
  static let limit = 1 << 17

  private let dimensions: [Int]

  init(_ dimensions: [Int]) { self.dimensions = dimensions }

  /// Reads dimensions with an x between any two; nil unless there are `count` of them, each in 1...`limit`.
  init?(_ text: some StringProtocol, count: Int) {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { part in
      part.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") } ? Int(part) : nil
    }
    guard numbers.count == parts.count, numbers.count == count else { return nil }
    guard numbers.allSatisfy({ $0 >= 1 && $0 <= Self.limit }) else { return nil }
    dimensions = numbers
  }

  subscript(index: Int) -> Int { dimensions[index] }

  var description: String { dimensions.map(String.init).joined(separator: "x") }
}
