import KernelTemplate

#if arch(x86_64)
  /// The templates for AVX2 with FMA; call them only where the processor has both.
  ///
  /// Six rows of two vectors are twelve accumulators, which with two vectors of B and one of A fit the sixteen registers.
  package enum AVX2: InstructionSet {
    package typealias Vector = SIMD8<Float>
    package typealias Arithmetic = FusedMultiplyAdd
    package typealias UpperTile = FourRows<Vector, Arithmetic>
    package typealias LowerTile = TwoRows<Vector, Arithmetic>
    package typealias Expansion = AVX2Expansion
  }
#endif
