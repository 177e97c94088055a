import KernelTemplate

#if arch(x86_64)
  /// The templates for AVX-512 with FMA; call them only where the processor has both.
  ///
  /// Twelve rows of two vectors are 24 accumulators of 32 registers: enough to hide the latency of a multiply-add (4 cycles, 2 a
  /// cycle), and 24 of them for 14 loads.
  package enum AVX512: InstructionSet {
    package typealias Vector = SIMD16<Float>
    package typealias Arithmetic = FusedMultiplyAdd
    package typealias UpperTile = EightRows<Vector, Arithmetic>
    package typealias LowerTile = FourRows<Vector, Arithmetic>
    package typealias Expansion = AVX512Expansion
  }
#endif
