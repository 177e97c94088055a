#if hasFeature(BuiltinModule)
  import Builtin
#endif

/// Keeps the compiler from moving loads from behind this call to in front of it; it becomes no instruction.
///
/// Where all registers are taken, a load that is moved forward pushes a sum out to memory and back, in every step of a loop.
@inlinable @inline(__always)
func keepLoadsBehind() {
  #if hasFeature(BuiltinModule)
    Builtin.fence_seqcst_singlethread()
  #endif
}
