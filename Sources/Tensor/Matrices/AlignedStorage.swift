import Support

/// Bytes on a 64-byte boundary (a cache line, and the widest vector), given back with the last reference.
///
/// Large regions come from the `MemoryPool`, small ones from the allocator. The type itself does not guard against writing while
/// somebody reads: its owners write only while they hold the one reference, which is what makes it safe to share between threads.
package final class AlignedStorage: @unchecked Sendable {
  package static let alignment = 64

  package let pointer: UnsafeMutableRawPointer
  package let byteCount: Int
  private let region: MemoryPool.Region?

  /// Uninitialised memory.
  package init(byteCount: Int) {
    self.byteCount = byteCount
    #if SVNUP_NO_MEMORY_POOL
      // The address sanitizer knows where an allocator's block ends, and nothing of the pool's.
      region = nil
    #else
      region = byteCount >= MemoryPool.leastByteCount ? MemoryPool.shared.take(byteCount) : nil
    #endif
    pointer = region?.pointer ?? .allocate(byteCount: max(byteCount, 1), alignment: Self.alignment)
  }

  deinit {
    if let region {
      MemoryPool.shared.give(region)
    } else {
      pointer.deallocate()
    }
  }

  /// The same bytes once more; a large region is copied, and its pages touched for the first time, by several threads.
  package func copy() -> AlignedStorage {
    let result = AlignedStorage(byteCount: byteCount)
    Parallel.forEachRange(byteCount, grain: 1 << 18) { range in
      (result.pointer + range.lowerBound).copyMemory(from: pointer + range.lowerBound, byteCount: range.count)
    }
    return result
  }

  package var bytes: UnsafeMutableRawBufferPointer { .init(start: pointer, count: byteCount) }
}
