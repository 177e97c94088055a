import Support
import Synchronization
import Tensor
import TestSupport
import Testing

@Suite struct MemoryPoolTests {
  static let mebibyte = 1 << 20

  @Test("A freed block serves the next request of its size, and of none that would waste more than an eighth of it")
  func reuse() {
    let pool = MemoryPool()
    let block = pool.take(8 * Self.mebibyte)
    #expect(UInt(bitPattern: block.pointer) % UInt(AlignedStorage.alignment) == 0)
    pool.give(block)
    #expect(pool.idleBytes == 8 * Self.mebibyte)
    let same = pool.take(8 * Self.mebibyte - 5)
    #expect(same.pointer == block.pointer)
    #expect(pool.idleBytes == 0)
    pool.give(same)
    for size in [7 * Self.mebibyte, 8 * Self.mebibyte + 1, 5_000_001, 65_536] {
      let other = pool.take(size)
      #expect(other.pointer != block.pointer)
      #expect(other.byteCount >= size && other.byteCount <= size + size / 8 + 4096)
    }
    #expect(pool.take(8 * Self.mebibyte).pointer == block.pointer)
  }

  @Test("What is idle is bounded, and trimming gives all of it back")
  func bound() {
    let pool = MemoryPool()
    let blocks = (0..<10).map { _ in pool.take(64 * Self.mebibyte) }
    for block in blocks { pool.give(block) }
    // Nothing is in use at the end, so only the floor stays.
    #expect(pool.idleBytes == 256 * Self.mebibyte)
    pool.trim()
    #expect(pool.idleBytes == 0)
    pool.trim()
  }

  @Test("A phase of work gives back what it left idle, and so does a change of size between elements")
  func phases() {
    let pool = MemoryPool()
    let idle = pool.phase {
      pool.give(pool.take(Self.mebibyte))
      return pool.idleBytes
    }
    #expect(idle == Self.mebibyte)
    #expect(pool.idleBytes == 0)
    var seen: [Int] = []
    [8, 8, 3, 3].forEachPhase(of: { $0 }, in: pool) { size in
      seen.append(pool.idleBytes / Self.mebibyte)
      pool.give(pool.take(size * Self.mebibyte))
    }
    #expect(seen == [0, 8, 0, 3])
  }

  #if compiler(>=6.2)
    /// In a process of its own: what other tests allocate and free meanwhile is as large as what is measured here.
    @Test("Memory that is given back is not resident any more")
    func residentMemory() async {
      await #expect(processExitsWith: .success) {
        let before = Process.residentBytes
        var storage: AlignedStorage? = AlignedStorage(byteCount: 96 * MemoryPoolTests.mebibyte)
        storage?.bytes.initializeMemory(as: UInt8.self, repeating: 1)
        let touched = Process.residentBytes
        try #require(touched >= before + 90 * MemoryPoolTests.mebibyte)
        storage = nil
        MemoryPool.shared.trim()
        #expect(Process.residentBytes < touched - 48 * MemoryPoolTests.mebibyte)
      }
    }
  #endif

  @Test("Threads that take and give at the same time never share a block")
  func threads() {
    let collisions = Mutex(0)
    Parallel.forEach(2000, threads: 4) { task in
      let storage = AlignedStorage(byteCount: (1 << 16) + task % 3 * 5000)
      storage.bytes.initializeMemory(as: UInt8.self, repeating: UInt8(task & 255))
      let isOwn = storage.bytes.allSatisfy { $0 == UInt8(task & 255) }
      if !isOwn { collisions.withLock { $0 += 1 } }
    }
    #expect(collisions.withLock { $0 } == 0)
  }

  @Test("A matrix of zeros is zero in memory that was used before")
  func zeros() {
    for _ in 0..<3 {
      var matrix = Matrix(rows: 300, columns: 301)
      #expect(matrix.bits.allSatisfy { $0 == 0 })
      matrix.withMutableElements { $0.update(repeating: 7, count: 300 * 301) }
    }
  }
}
