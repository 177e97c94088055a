import Support

/// Times work that was verified before: warm-up, then the median, least and most of several runs.
struct Harness {
  /// Runs that count.
  static let runs = 7

  /// What a benchmark measured.
  struct Timing {
    let median: Double
    let least: Double
    let most: Double
  }

  /// Seconds of `body`, whose result is consumed so that it cannot be left out.
  static func time<Result>(_ body: () -> Result) -> Timing {
    consume(body())
    var seconds: [Double] = []
    for _ in 0..<runs {
      let start = ContinuousClock.now
      consume(body())
      seconds.append((ContinuousClock.now - start).seconds)
    }
    seconds.sort()
    return Timing(median: seconds[runs / 2], least: seconds[0], most: seconds[runs - 1])
  }

  @inline(never)
  private static func consume<Result>(_ result: Result) { withExtendedLifetime(result) {} }

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
