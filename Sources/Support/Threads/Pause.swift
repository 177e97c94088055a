#if hasFeature(BuiltinModule)
  import Builtin
#endif

/// Tells the processor that this thread waits for another to write: it leaves more of the core to a neighbour meanwhile.
///
/// Nothing on processors other than x86, and with compilers that do not let a module call LLVM's intrinsics.
@inline(__always)
func pause() {
  #if hasFeature(BuiltinModule) && arch(x86_64)
    Builtin.int_x86_sse2_pause()
  #endif
}
