#if canImport(Dispatch)
  import Dispatch
  import Synchronization

  /// Threads of Dispatch's that keep polling for a moment between two pieces of work.
  ///
  /// A forward pass is thousands of pieces of some tens of microseconds, one after the other. Waking Dispatch's threads for each costs
  /// about as much as the piece once there are many threads. So a thread polls for the next piece for a tenth of a millisecond
  /// before it returns to Dispatch.
  final class ThreadTeam: @unchecked Sendable {
    static let shared = ThreadTeam(helpers: Process.processorCount - 1)

    /// Nanoseconds for which a thread polls, for work or for the end of the other threads' work, before it sleeps.
    private static let pollingTime = 100_000
    /// A gap of so many nanoseconds between two polls shows that another process had the processor: the system gives it away for a
    /// millisecond or more.
    private static let preemptionGap = 200_000
    /// Nanoseconds for which no thread polls after such a gap, because the system charges polling like work.
    private static let restAfterPreemption = 100_000_000
    /// Callers that may have help at the same time; further callers do their work alone.
    private static let stationCount = 16

    /// A number that several threads change and read, alone on its cache lines.
    private struct Counter: ~Copyable {
      let value = Atomic<Int>(0)
      private let padding = SIMD16<UInt32>()
    }

    /// The place at which helpers find the work of one caller.
    private struct Station: ~Copyable {
      let isTaken = Atomic<Bool>(false)
      /// Minus the helpers that may still join; a thread that asks to join adds one.
      ///
      /// A thread that found less than zero may read `work` until it reports to `balance`.
      let places = Counter()
      /// A pointer to the work, a `() -> Void` on the caller's stack.
      var work: UnsafeRawPointer?
      /// Helpers that have reported, less those that joined once the caller has subtracted them, and `parked` more while it sleeps.
      ///
      /// The report is the last access of a helper: after it, the station may belong to another caller.
      let balance = Counter()
      let end = DispatchSemaphore(value: 0)
    }

    /// What a caller adds to the balance before it sleeps; it is woken when the balance comes to exactly this.
    private static let parked = 1 << 40

    /// Threads of Dispatch's that may work at the same time, beside the callers.
    private let limit: Int
    private let stations: UnsafeMutablePointer<Station>
    /// Counts the offers: a change tells a helper that there may be work.
    private let offers = Counter()
    /// Helpers that all callers together want.
    private let demand = Counter()
    /// Helpers that were started and have not returned to Dispatch.
    private let present = Counter()
    /// The time from which threads may poll again.
    private let pollingFrom = Counter()

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

    /// Starts as many helpers as are missing, within the limit.
    private func summon(_ wanted: Int) {
      // A helper that leaves reads the offers after it has left this count. So either it sees this offer, or this thread sees that
      // the helper is missing.
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

    /// Joins work until polling finds none.
    private func help() {
      while true {
        let seen = offers.value.load(ordering: .sequentiallyConsistent)
        while joinAny() {}
        if lookFor({ offers.value.load(ordering: .relaxed) != seen }) { continue }
        present.value.subtract(1, ordering: .sequentiallyConsistent)
        // An offer made meanwhile may have counted this thread as present.
        if offers.value.load(ordering: .sequentiallyConsistent) == seen { return }
        present.value.add(1, ordering: .sequentiallyConsistent)
      }
    }

    /// Does a share of some caller's work, where there is some.
    private func joinAny() -> Bool {
      for index in 0..<Self.stationCount {
        let station = stations + index
        guard station.pointee.places.value.load(ordering: .relaxed) < 0 else { continue }
        // One addition, which never has to be repeated, whatever the number of threads that ask.
        guard station.pointee.places.value.add(1, ordering: .acquiring).oldValue < 0 else { continue }
        Self.call(station.pointee.work)
        let balance = station.pointee.balance.value.add(1, ordering: .acquiringAndReleasing).newValue
        if balance == Self.parked { station.pointee.end.signal() }
        return true
      }
      return false
    }

    /// Not inlined, so that references that the call takes of the work are released when it returns.
    @inline(never) private static func call(_ work: UnsafeRawPointer?) {
      work?.assumingMemoryBound(to: (() -> Void).self).pointee()
    }

    /// Polls `isFound` for the polling time, and tells whether it became true.
    private func lookFor(_ isFound: () -> Bool) -> Bool {
      if isFound() { return true }
      let start = Self.now()
      guard start >= pollingFrom.value.load(ordering: .relaxed) else { return false }
      var last = start
      repeat {
        for _ in 0..<16 {
          if isFound() { return true }
          pause()
        }
        // The thread that is to report may need this processor.
        Process.yield()
        let now = Self.now()
        if now - last > Self.preemptionGap {
          pollingFrom.value.store(now + Self.restAfterPreemption, ordering: .relaxed)
        }
        last = now
      } while last - start < Self.pollingTime
      return isFound()
    }

    private static func now() -> Int { Int(truncatingIfNeeded: DispatchTime.now().uptimeNanoseconds) }
  }
#else
  /// Nobody to help, where there is no Dispatch: every caller does its work alone.
  final class ThreadTeam: Sendable {
    static let shared = ThreadTeam()

    func run(helpers: Int, _ work: () -> Void) { work() }
  }
#endif
