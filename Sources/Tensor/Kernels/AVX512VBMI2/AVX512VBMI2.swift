import KernelTemplate

#if arch(x86_64)
  /// The templates for AVX-512 with VBMI2, from Ice Lake and Zen 4 on; call them only where the processor has both.
  ///
  /// The dense products are those of AVX512; what differs is how elements of 16 bits are expanded.
  package enum AVX512VBMI2: InstructionSet {
    package typealias Vector = SIMD16<Float>
    package typealias Arithmetic = FusedMultiplyAdd
    package typealias UpperTile = EightRows<Vector, Arithmetic>
    package typealias LowerTile = FourRows<Vector, Arithmetic>
    package typealias Expansion = VBMI2Expansion
  }
#endif
