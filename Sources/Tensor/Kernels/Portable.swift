import KernelTemplate

/// The templates for what every processor of the compiler's target has: vectors of four floats.
enum Portable: InstructionSet {
  typealias Vector = SIMD4<Float>
  #if arch(arm64)
    // Every such processor has FMA and 32 registers: 24 accumulators, two vectors of B and three of A.
    typealias Arithmetic = FusedMultiplyAdd
    typealias UpperTile = Stack<FourLanes<Arithmetic>, FourLanes<Arithmetic>>
    typealias LowerTile = FourLanes<Arithmetic>
    typealias Expansion = NEONExpansion
  #else
    // SSE has sixteen registers and no FMA: twelve accumulators, two vectors of B and one of A.
    typealias Arithmetic = SeparateMultiplyAdd
    typealias UpperTile = FourRows<Vector, Arithmetic>
    typealias LowerTile = TwoRows<Vector, Arithmetic>
    typealias Expansion = LaneByLane<Vector, Portable>
  #endif
}
