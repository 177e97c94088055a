import Support

/// Seconds that the runs of some work took.
struct Timing {
  /// Runs that counted.
  let runs: Int
  let median: Double
  let least: Double
  let most: Double

  init(runs: Int, median: Double, least: Double, most: Double) {
    self.runs = runs
    self.median = median
    self.least = least
    self.most = most
  }

  /// The figures of some runs, at least one.
  init(seconds: [Double]) {
    runs = seconds.count
    median = seconds.median
    least = seconds.min() ?? .nan
    most = seconds.max() ?? .nan
  }
}

/// Times work that was verified before.
enum Harness {
  /// Runs that count, at least.
  static let leastRuns = 7
  /// Runs that count, at most.
  private static let mostRuns = 31
  /// Short work is run more often than it must be until it has taken this long altogether.
  private static let leastTotal = 0.5
  /// Work that takes less is repeated within a run: shorter times are those of the clock.
  private static let leastRun = 0.002

  /// Times `body`, whose result is consumed so that it cannot be left out.
  static func time<Result>(_ body: () throws -> Result) rethrows -> Timing {
    var repetitions = 1
    while true {
      // The warm-up tells how often the work must be repeated for the clock to be fine enough.
      let seconds = try clocked { for _ in 0..<repetitions { consume(try body()) } }
      if seconds >= leastRun || repetitions >= 1 << 20 { break }
      repetitions *= 2
    }
    return try runs { try clocked { for _ in 0..<repetitions { consume(try body()) } } / Double(repetitions) }
  }

  /// Times `body` on a state of its own each run; making the state is not timed.
  static func time<State>(preparing state: () -> State, _ body: (inout State) throws -> Void) rethrows -> Timing {
    func once() throws -> Double {
      var state = state()
      let seconds = try clocked { try body(&state) }
      consume(state)
      return seconds
    }
    _ = try once()
    return try runs(once)
  }

  private static func runs(_ once: () throws -> Double) rethrows -> Timing {
    var seconds: [Double] = []
    var total = 0.0
    while seconds.count < leastRuns || (total < leastTotal && seconds.count < mostRuns) {
      seconds.append(try once())
      total += seconds[seconds.count - 1]
    }
    return Timing(seconds: seconds)
  }

  /// Uses a result where the optimizer cannot see that nothing becomes of it.
  @inline(never)
  static func consume<Result>(_ result: Result) { withExtendedLifetime(result) {} }

  /// Whether the build is one whose times mean something.
  static var isOptimized: Bool {
    var isDebug = false
    assert(
      {
        isDebug = true; return true
      }())
    return !isDebug
  }
}
