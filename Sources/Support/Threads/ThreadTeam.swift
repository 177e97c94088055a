import Dispatch
import Synchronization

/// Threads of Dispatch's that stay awake for a moment between two pieces of work.
///
/// A forward pass is thousands of pieces of some tens of microseconds, one behind the other. Having Dispatch wake its threads
/// for each costs about as much as the piece once there are many threads. So a thread that is done looks for the next piece for
/// a tenth of a millisecond before it goes back to Dispatch.
final class ThreadTeam: @unchecked Sendable {
  static let shared = ThreadTeam(helpers: Process.processorCount - 1)

  /// Nanoseconds for which a thread looks for more work, or for the end of the others', before it sleeps.
  private static let patience = 100_000
  /// Nanoseconds without the processor that tell that others want it: the system gives it to them for a millisecond or more.
  private static let absence = 200_000
  /// Nanoseconds for which nobody waits awake then: who is awake for nothing uses up time that it is not given later, for work.
  private static let modesty = 100_000_000
  /// Callers that may have help at the same time; more do their work alone.
  private static let stationCount = 16

  /// A number that threads change and look at, alone on its cache lines.
  private struct Counter: ~Copyable {
    let value = Atomic<Int>(0)
    private let padding = SIMD16<UInt32>()
  }

  /// Where one caller's work is on offer.
  private struct Station: ~Copyable {
    let isTaken = Atomic<Bool>(false)
    /// Minus the helpers that may still join; whoever asks adds one.
    ///
    /// Whoever found less than zero may read `work` until it reports to `balance`.
    let places = Counter()
    /// A pointer to the work, a `() -> Void` on the caller's stack.
    var work: UnsafeRawPointer?
    /// Helpers that are done, less those that joined once the caller has counted them, and `parked` more where it sleeps.
    ///
    /// A helper's last act is to change this number: behind it, the station can be another caller's.
    let balance = Counter()
    let end = DispatchSemaphore(value: 0)
  }

  /// What the balance gets from a caller who sleeps until it comes to this.
  private static let parked = 1 << 40

  /// Threads of Dispatch's that may work at the same time, beside the callers.
  private let limit: Int
  private let stations: UnsafeMutablePointer<Station>
  /// Counts the offers: a helper that sees it change has something to look for.
  private let offers = Counter()
  /// Helpers that all callers together want.
  private let demand = Counter()
  /// Helpers that were asked for and have not gone.
  private let present = Counter()
  /// When waiting awake may begin again.
  private let quietAgain = Counter()

  private init(helpers: Int) {
    limit = helpers
    // Never freed: there is one team, for as long as the program runs.
    stations = .allocate(capacity: Self.stationCount)
    for index in 0..<Self.stationCount { (stations + index).initialize(to: Station()) }
  }

  /// Calls `work` on this thread and on up to `helpers` others, and returns when all that began it have ended.
  func run(helpers: Int, _ work: () -> Void) {
    guard helpers > 0, limit > 0, let station = claim() else { return work() }
    // No helper begins once the station is closed, and this does not return before those that began have reported.
    withoutActuallyEscaping(work) { work in
      withUnsafePointer(to: work) { pointer in
        station.pointee.work = UnsafeRawPointer(pointer)
        station.pointee.balance.value.store(0, ordering: .relaxed)
        station.pointee.places.value.store(-helpers, ordering: .releasing)
        let demand = demand.value.add(helpers, ordering: .relaxed).newValue
        offers.value.add(1, ordering: .sequentiallyConsistent)
        summon(demand)
        pointer.pointee()
        let free = max(0, -station.pointee.places.value.exchange(0, ordering: .acquiring))
        self.demand.value.subtract(helpers, ordering: .relaxed)
        awaitHelpers(helpers - free, at: station)
      }
    }
    station.pointee.isTaken.store(false, ordering: .releasing)
  }

  /// A station of the caller's own, or nil where all are taken.
  private func claim() -> UnsafeMutablePointer<Station>? {
    for index in 0..<Self.stationCount {
      let station = stations + index
      if station.pointee.isTaken.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged {
        return station
      }
    }
    return nil
  }

  /// Returns when as many helpers as joined have reported.
  private func awaitHelpers(_ joined: Int, at station: UnsafeMutablePointer<Station>) {
    if station.pointee.balance.value.subtract(joined, ordering: .acquiring).newValue == 0 { return }
    if lookFor({ station.pointee.balance.value.load(ordering: .acquiring) == 0 }) { return }
    let before = station.pointee.balance.value.add(Self.parked, ordering: .acquiring).oldValue
    if before != 0 { station.pointee.end.wait() }
  }

  /// Has Dispatch send as many threads as are missing, of those that may be.
  private func summon(_ wanted: Int) {
    // Whoever goes reads the offers after it has left this count, so one of us two sees the other.
    var before = present.value.load(ordering: .sequentiallyConsistent)
    while before < min(wanted, limit) {
      let (exchanged, original) = present.value.compareExchange(
        expected: before, desired: min(wanted, limit), ordering: .sequentiallyConsistent)
      if exchanged { return send(min(wanted, limit) - before) }
      before = original
    }
  }

  /// Starts `count` helpers: up to four, which start the others, so that no caller waits for all to be woken.
  private func send(_ count: Int) {
    let parts = min(count, 4)
    for part in 0..<parts {
      let share = (count + part) / parts
      DispatchQueue.global().async {
        self.send(share - 1)
        self.help()
      }
    }
  }

  /// What a helper does until it has looked for work in vain.
  private func help() {
    while true {
      let seen = offers.value.load(ordering: .sequentiallyConsistent)
      while joinAny() {}
      if lookFor({ offers.value.load(ordering: .relaxed) != seen }) { continue }
      present.value.subtract(1, ordering: .sequentiallyConsistent)
      // An offer that counted on this thread is not left alone.
      if offers.value.load(ordering: .sequentiallyConsistent) == seen { return }
      present.value.add(1, ordering: .sequentiallyConsistent)
    }
  }

  /// Does a share of somebody's work, where there is some.
  private func joinAny() -> Bool {
    for index in 0..<Self.stationCount {
      let station = stations + index
      guard station.pointee.places.value.load(ordering: .relaxed) < 0 else { continue }
      // One step, which never has to be repeated, however many ask.
      guard station.pointee.places.value.add(1, ordering: .acquiring).oldValue < 0 else { continue }
      Self.call(station.pointee.work)
      let balance = station.pointee.balance.value.add(1, ordering: .acquiringAndReleasing).newValue
      if balance == Self.parked { station.pointee.end.signal() }
      return true
    }
    return false
  }

  /// Not inlined, so that whatever the call holds of the work is let go when it returns.
  @inline(never) private static func call(_ work: UnsafeRawPointer?) {
    work?.assumingMemoryBound(to: (() -> Void).self).pointee()
  }

  /// Asks `isFound` again and again for as long as patience lasts, and tells whether it was.
  private func lookFor(_ isFound: () -> Bool) -> Bool {
    if isFound() { return true }
    let start = Self.now()
    guard start >= quietAgain.value.load(ordering: .relaxed) else { return false }
    var last = start
    repeat {
      for _ in 0..<16 {
        if isFound() { return true }
        pause()
      }
      // Where others want this processor, the one who is waited for may be among them.
      Process.yield()
      let now = Self.now()
      if now - last > Self.absence { quietAgain.value.store(now + Self.modesty, ordering: .relaxed) }
      last = now
    } while last - start < Self.patience
    return isFound()
  }

  private static func now() -> Int { Int(truncatingIfNeeded: DispatchTime.now().uptimeNanoseconds) }
}
