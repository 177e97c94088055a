import Support
import Synchronization

/// Large regions of memory, kept when they are freed for the next one who needs such a region.
///
/// A forward pass asks for the same few sizes again and again. The system clears every page before it hands it out, at the
/// first touch of each; a region that is reused has been touched already. And as regions are mapped one by one, what a run holds at
/// its peak follows from the shapes of its matrices, not from the order in which a heap was cut up.
package final class MemoryPool: Sendable {
  /// A region, which belongs to whoever holds it: the pool while it is idle, one storage while it is used.
  package struct Region: @unchecked Sendable {
    package let pointer: UnsafeMutableRawPointer
    package let byteCount: Int
  }

  fileprivate struct State {
    /// Regions that nobody uses, the longest idle first.
    var idle: [Region] = []
    var idleBytes = 0
    var usedBytes = 0
  }

  /// Smaller regions are left to the allocator, which is good at them.
  package static let leastByteCount = 1 << 16

  /// The pool that every matrix takes its memory from.
  package static let shared = MemoryPool()

  /// Idle bytes that are kept in any case; beyond them, an idle byte is kept for every four in use.
  private static let idleFloor = 256 << 20
  private static let usedPerIdle = 4

  private let state = Mutex(State())

  /// An empty pool.
  package init() {}

  deinit { trim() }

  /// A region of at least `byteCount` bytes, its contents undefined.
  package func take(_ byteCount: Int) -> Region {
    let size = Self.regionSize(for: byteCount)
    let reused = state.withLock { $0.take(size) }
    return reused ?? Region(pointer: Pages.allocate(size), byteCount: size)
  }

  /// The next of the sizes that regions have: eight to each power of two, in whole pages.
  ///
  /// A request is served by a region of its own size only. Were a larger one taken where there is no other, the next who needs the
  /// larger one would map a new region, and long-lived states would come to sit in regions that others wait for.
  private static func regionSize(for byteCount: Int) -> Int {
    let step = 1 << max(0, Int.bitWidth - 1 - byteCount.leadingZeroBitCount - 3)
    return Pages.rounded((byteCount + step - 1) / step * step)
  }

  /// Takes a region back.
  package func give(_ region: Region) {
    let surplus = state.withLock { state in
      state.give(region)
      return state.surplus(over: max(Self.idleFloor, state.usedBytes / Self.usedPerIdle))
    }
    for region in surplus { Pages.release(region.pointer, region.byteCount) }
  }

  /// Gives all idle regions back to the system.
  package func trim() {
    let surplus = state.withLock { $0.surplus(over: 0) }
    for region in surplus { Pages.release(region.pointer, region.byteCount) }
  }

  /// Does one kind of work; at its end the idle regions go back to the system, because the next kind needs other sizes.
  package func phase<Result, Failure: Error>(_ work: () throws(Failure) -> Result) throws(Failure) -> Result {
    defer { trim() }
    return try work()
  }

  /// Bytes that are kept for reuse.
  package var idleBytes: Int { state.withLock { $0.idleBytes } }
}

extension MemoryPool.State {
  /// An idle region of a size, the latest of several, which may still be in a cache; else nil, and the caller makes one.
  mutating func take(_ byteCount: Int) -> MemoryPool.Region? {
    usedBytes += byteCount
    guard let index = idle.lastIndex(where: { $0.byteCount == byteCount }) else { return nil }
    idleBytes -= byteCount
    return idle.remove(at: index)
  }

  mutating func give(_ region: MemoryPool.Region) {
    idle.append(region)
    idleBytes += region.byteCount
    usedBytes -= region.byteCount
  }

  /// Removes the regions that are longest idle until at most `limit` bytes are.
  mutating func surplus(over limit: Int) -> [MemoryPool.Region] {
    var count = 0
    while idleBytes > limit, count < idle.count {
      idleBytes -= idle[count].byteCount
      count += 1
    }
    defer { idle.removeFirst(count) }
    return Array(idle[..<count])
  }
}

extension Sequence {
  /// Calls `body` with every element; elements of one size in a row make one phase of memory, a change of size ends it.
  package func forEachPhase<Size: Equatable, Failure: Error>(
    of size: (Element) -> Size, in pool: MemoryPool = .shared, _ body: (Element) throws(Failure) -> Void
  ) throws(Failure) {
    var last: Size?
    for element in self {
      let size = size(element)
      if let last, last != size { pool.trim() }
      last = size
      try body(element)
    }
  }
}
