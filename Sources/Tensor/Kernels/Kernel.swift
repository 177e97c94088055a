import KernelTemplate
import Support

#if SVNUP_VECTOR_TARGETS && arch(x86_64)
  import KernelAVX2
  import KernelAVX512
  import KernelAVX512VBMI2
#endif

/// The instruction sets that the arithmetic can run on.
public enum Kernel: String, CaseIterable, Sendable {
  /// Three plain loops: the oracle for the others.
  case reference
  /// Vectors of four floats that every target of the compiler has; on arm64, NEON with FMA.
  case portable
  /// AVX2 with FMA, x86-64 only.
  case avx2
  /// AVX-512, x86-64 only.
  case avx512
  /// AVX-512 with VBMI2, x86-64 only: another way to leave out zeros.
  case avx512vbmi2

  /// Whether this build contains the kernel and this processor can run it.
  public var isAvailable: Bool {
    #if SVNUP_VECTOR_TARGETS && arch(x86_64)
      return neededFlags.allSatisfy(Process.processorFlags.contains)
    #else
      return neededFlags.isEmpty
    #endif
  }

  /// What the processor must have, by Linux's names.
  private var neededFlags: [String] {
    // All that Package.swift builds each kernel with; abm is lzcnt.
    let common = ["fma", "f16c", "bmi2", "abm"]
    let avx512 = common + ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]
    return switch self {
    case .reference, .portable: []
    case .avx2: common + ["avx2"]
    case .avx512: avx512
    case .avx512vbmi2: avx512 + ["avx512_vbmi2"]
    }
  }

  /// The fastest that is available, unless the environment variable `SVNUP_KERNEL` names another one that is.
  public static let automatic: Kernel = {
    let best = allCases.last(where: \.isAvailable) ?? .portable
    guard let name = Process.environment("SVNUP_KERNEL"), let forced = Kernel(rawValue: name) else { return best }
    return forced.isAvailable ? forced : best
  }()

  /// What is wrong with `SVNUP_KERNEL`, or nil where it is unset or names an available kernel.
  ///
  /// The command refuses to start on it, since `automatic` cannot throw; a program may do the same.
  public static var environmentProblem: String? {
    guard let name = Process.environment("SVNUP_KERNEL") else { return nil }
    let available = allCases.filter(\.isAvailable).map(\.rawValue).joined(separator: ", ")
    guard let kernel = Kernel(rawValue: name) else {
      return "SVNUP_KERNEL: there is no kernel '\(name)'; available here: \(available)"
    }
    return kernel.isAvailable
      ? nil : "SVNUP_KERNEL: the kernel '\(name)' is not available on this machine; available here: \(available)"
  }

  /// The kernel that products called from this task run on; one of those that are available.
  @TaskLocal public static var current: Kernel = automatic
}

extension Kernel {
  /// The innermost loops of this kernel; those of `portable` for the reference, which has none of its own.
  package var instructions: any InstructionSet.Type {
    switch self {
    #if SVNUP_VECTOR_TARGETS && arch(x86_64)
      case .avx2: AVX2.self
      case .avx512: AVX512.self
      case .avx512vbmi2: AVX512VBMI2.self
    #endif
    default: Portable.self
    }
  }
}

extension ElementType {
  /// The same for a kernel.
  var stored: StoredType {
    switch self {
    case .float32: .float32
    case .float16: .float16
    case .bfloat16: .bfloat16
    }
  }
}
