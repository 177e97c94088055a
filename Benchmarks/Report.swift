import Support

/// Shows measurements as they come and keeps them for the document at the end.
final class Report {
  private(set) var measurements: [Measurement] = []
  private let wantsJSON: Bool
  private var lastBenchmark: String?

  init(wantsJSON: Bool) { self.wantsJSON = wantsJSON }

  /// Results go to standard output; with `--json` the lines for people are news, and news go to standard error.
  private func say(_ line: String) {
    (wantsJSON ? StandardStream.error : StandardStream.output).write(line + "\n")
  }

  func begin(on machine: Machine) { say(machine.text) }

  func add(_ measurement: Measurement) {
    measurements.append(measurement)
    if measurement.benchmark != lastBenchmark {
      lastBenchmark = measurement.benchmark
      say("\n" + Self.line("case", "kernel", "threads", "median ms", "least", "most", "at the median"))
    }
    let times = [measurement.timing.median, measurement.timing.least, measurement.timing.most].map(Self.milliseconds)
    say(
      Self.line(
        measurement.identifier, measurement.kernel, "\(measurement.threads)", times[0], times[1], times[2],
        measurement.rates.map(\.text).joined(separator: ", ")))
    for fact in measurement.work.facts { say("    \(fact.name) \(fact.value)") }
  }

  /// The whole run as one JSON document.
  func document(_ machine: Machine) -> JSON {
    ["machine": machine.json, "results": .array(measurements.map(\.json))]
  }

  static func milliseconds(_ seconds: Double) -> String {
    let milliseconds = 1e3 * seconds
    return milliseconds.fixed(milliseconds < 10 ? 4 : milliseconds < 1000 ? 2 : 0)
  }

  private static func line(
    _ identifier: String, _ kernel: String, _ threads: String, _ median: String, _ least: String, _ most: String,
    _ rate: String
  ) -> String {
    let numbers = [threads, median, least, most].map { $0.onTheRight(of: 9) }.joined(separator: " ")
    return "\(identifier.onTheLeft(of: 40)) \(kernel.onTheLeft(of: 9)) \(numbers)  \(rate)"
  }
}

extension String {
  /// The text with blanks behind it, `width` characters at least.
  func onTheLeft(of width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
  /// The text with blanks in front of it, `width` characters at least.
  func onTheRight(of width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
