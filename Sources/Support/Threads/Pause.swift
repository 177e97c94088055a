#if hasFeature(BuiltinModule)
  import Builtin
#endif

/// Tells the processor that this thread waits for another to write: it leaves more of the core to a neighbour meanwhile.
///
/// Nothing on processors other than x86, and with compilers that do not let a module call this intrinsic: 6.3 does, 6.0 does not.
@inline(__always)
func pause() {
  #if hasFeature(BuiltinModule) && compiler(>=6.3) && arch(x86_64)
    Builtin.int_x86_sse2_pause()
  #endif
}
