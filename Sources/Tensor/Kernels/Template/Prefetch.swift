#if hasFeature(BuiltinModule)
  import Builtin
#endif

/// Asks for the cache line at an address, which is read or written soon; any address will do, valid or not.
///
/// Swift has no such function, but lets a module that asks for it call LLVM's intrinsics by name. Where a compiler does not, nothing is
/// fetched ahead: slower, and the same results.
@inlinable @inline(__always)
func prefetch(_ address: UnsafeRawPointer) {
  #if hasFeature(BuiltinModule)
    // Read, to be kept in all caches, data.
    Builtin.int_prefetch_RawPointer(address._rawValue, (0 as Int32)._value, (3 as Int32)._value, (1 as Int32)._value)
  #endif
}
