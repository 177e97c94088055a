#if hasFeature(BuiltinModule)
  import Builtin
#endif

/// Keeps the compiler from loading earlier what is loaded behind this place; it is no instruction.
///
/// Where all registers are taken, a load that is moved forward pushes a sum out to memory and back, in every step of a loop.
@inlinable @inline(__always)
func keepLoadsBehind() {
  #if hasFeature(BuiltinModule)
    Builtin.fence_seqcst_singlethread()
  #endif
}
