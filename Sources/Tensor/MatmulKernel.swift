import KernelTemplate
import Support

#if SVNUP_VECTOR_TARGETS
  import KernelAVX2
  import KernelAVX512
#endif

/// The instruction sets that dense products can run on.
public enum MatmulKernel: String, CaseIterable, Sendable {
  /// Three plain loops: the oracle for the others.
  case reference
  /// Vectors of four floats that every target of the compiler has; on arm64, NEON with FMA.
  case portable
  /// AVX2 with FMA, x86-64 only.
  case avx2
  /// AVX-512, x86-64 only.
  case avx512

  /// Whether this build contains the kernel and this processor can run it.
  public var isAvailable: Bool {
    switch self {
    case .reference, .portable: return true
    case .avx2, .avx512:
      #if SVNUP_VECTOR_TARGETS
        let needed =
          self == .avx2
          ? ["avx2", "fma", "bmi2"]
          : ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]
        return needed.allSatisfy(Process.processorFlags.contains)
      #else
        return false
      #endif
    }
  }

  /// The fastest that is available, unless the environment variable `SVNUP_KERNEL` names another one that is.
  public static let automatic: MatmulKernel = {
    let best = allCases.last(where: \.isAvailable) ?? .portable
    guard let name = Process.environment("SVNUP_KERNEL"), let forced = MatmulKernel(rawValue: name) else { return best }
    return forced.isAvailable ? forced : best
  }()

  /// What is wrong with `SVNUP_KERNEL`, or nil where it is unset or names an available kernel.
  ///
  /// The command refuses to start on it, since `automatic` cannot throw.
  package static var environmentProblem: String? {
    guard let name = Process.environment("SVNUP_KERNEL") else { return nil }
    let available = allCases.filter(\.isAvailable).map(\.rawValue).joined(separator: ", ")
    guard let kernel = MatmulKernel(rawValue: name) else {
      return "SVNUP_KERNEL: there is no kernel '\(name)'; available here: \(available)"
    }
    return kernel.isAvailable
      ? nil : "SVNUP_KERNEL: the kernel '\(name)' is not available on this machine; available here: \(available)"
  }

  /// The kernel that products called from this task run on.
  @TaskLocal public static var current: MatmulKernel = automatic
}

/// A microkernel as the five loops see it: the size of its tile and what it does.
struct Microkernel: Sendable {
  typealias Body =
    @Sendable (
      _ depth: Int, _ a: UnsafePointer<Float>, _ aRowStride: Int, _ aDepthStride: Int, _ b: UnsafePointer<Float>,
      _ c: UnsafeMutablePointer<Float>,
      _ stride: Int, _ rows: Int, _ columns: Int, _ accumulate: Bool, _ edge: UnsafeMutablePointer<Float>
    ) -> Void

  let rows = microkernelRows
  let columns: Int
  let body: Body

  /// The tile kernel of a choice; the reference has none and is handled before.
  static func of(_ kernel: MatmulKernel) -> Microkernel {
    switch kernel {
    #if SVNUP_VECTOR_TARGETS
      case .avx2: Microkernel(columns: 16, body: multiplyAVX2)
      case .avx512: Microkernel(columns: 32, body: multiplyAVX512)
    #endif
    default: Microkernel(columns: 8, body: multiplyPortable)
    }
  }
}

/// The template for vectors of four floats.
///
/// Fused on arm64, where every processor has FMA.
private func multiplyPortable(
  depth: Int, a: UnsafePointer<Float>, aRowStride: Int, aDepthStride: Int, b: UnsafePointer<Float>,
  c: UnsafeMutablePointer<Float>, stride: Int,
  rows: Int, columns: Int, accumulate: Bool, edge: UnsafeMutablePointer<Float>
) {
  #if arch(arm64)
    typealias Arithmetic = FusedMultiplyAdd
  #else
    typealias Arithmetic = SeparateMultiplyAdd
  #endif
  microkernel(
    depth: depth, a: a, aRowStride: aRowStride, aDepthStride: aDepthStride, b: b, c: c, stride: stride, rows: rows,
    columns: columns, accumulate: accumulate, edge: edge,
    vector: SIMD4<Float>.self, arithmetic: Arithmetic.self)
}
