import Support
import Tensor

/// What the benchmarks of one run share: the machine, the threads to use, and where the figures go.
final class Session {
  /// The machine's own limits, which the figures are compared with.
  let machine: Machine
  /// Numbers of threads that every case is timed with.
  let threads: [Int]
  /// The text and the tokenizer's folder for the tokenizer benchmark; nil means the ones that come with svnup.
  let text: String?
  let tokenizer: String?
  /// The split pattern that stands in for the tokenizer's own; nil means its own.
  let splitPattern: String?
  private let report: Report

  init(_ options: Options, machine: Machine, report: Report) {
    self.machine = machine
    threads = options.threads
    text = options.text
    tokenizer = options.tokenizer
    splitPattern = options.splitPattern
    self.report = report
  }

  /// Times work that is verified, with every number of threads, and reports it.
  ///
  /// - Parameters:
  ///   - benchmark: the name of the benchmark.
  ///   - identifier: the name of the case: the same from run to run, and the same in the peers' files.
  ///   - work: what one run does.
  ///   - threads: numbers of threads; nil means those of the command line.
  ///   - time: the timing, run on the kernel and number of threads that are reported.
  func measure(
    _ benchmark: String, _ identifier: String, _ work: Work, threads: [Int]? = nil, _ time: () throws -> Timing
  ) rethrows {
    let kernel = Kernel.current
    for count in threads ?? self.threads {
      machine.raisePeak(kernel, threads: count)
      // What memory gives changes with the neighbours from minute to minute, so it is measured on both sides of what reads it.
      func bandwidth() -> Double? { work.bytesRead == nil ? nil : machine.bandwidth(threads: count) }
      let before = bandwidth()
      let timing = try Parallel.$threadCount.withValue(count) { try time() }
      let after = bandwidth()
      report.add(
        Measurement(
          benchmark: benchmark, identifier: identifier, kernel: kernel.rawValue, threads: count, timing: timing,
          work: work, peak: machine.peak(kernel, threads: count), bandwidth: [before, after].compactMap(\.self).max()))
    }
  }
}

/// What one run of a case does, as far as a rate can be had from it.
struct Work {
  /// Floating-point operations; a multiply-add is two.
  var operations: Double?
  /// Bytes that cannot be in a cache and must be read once.
  var bytesRead: Double?
  /// Things that are counted, and what they are: tokens, weights, bytes of text.
  var items: (count: Double, unit: String)?
  /// Further facts about the case.
  var facts: [(name: String, value: Int)] = []
}

/// One case, timed.
struct Measurement {
  let benchmark: String
  let identifier: String
  let kernel: String
  let threads: Int
  let timing: Timing
  let work: Work
  /// The machine's operations a second on this kernel, with as many threads.
  let peak: Double?
  /// Bytes that it reads a second, with as many threads, before or after the case.
  let bandwidth: Double?

  /// Rates at the median: name for JSON, number, text for people.
  var rates: [(name: String, value: Double, text: String)] {
    var rates: [(name: String, value: Double, text: String)] = []
    if let items = work.items {
      let rate = items.count / timing.median
      if items.unit == "bytes" {
        rates.append(("megabytesPerSecond", rate / 1e6, "\((rate / 1e6).fixed(2)) MB/s"))
      } else {
        rates.append(("\(items.unit)PerSecond", rate, "\(rate.fixed(rate < 1000 ? 1 : 0)) \(items.unit)/s"))
      }
    }
    if let operations = work.operations {
      let rate = operations / timing.median
      rates.append(("gigaflops", rate / 1e9, "\((rate / 1e9).fixed(1)) GFLOP/s"))
      if let peak {
        rates.append(("percentOfPeak", 100 * rate / peak, "\((100 * rate / peak).fixed(1)) % of peak"))
      }
    }
    if let bytes = work.bytesRead {
      let rate = bytes / timing.median
      rates.append(("gigabytesPerSecond", rate / 1e9, "\((rate / 1e9).fixed(1)) GB/s"))
      if let bandwidth {
        rates.append(
          ("percentOfBandwidth", 100 * rate / bandwidth, "\((100 * rate / bandwidth).fixed(1)) % of bandwidth"))
      }
    }
    return rates
  }

  var json: JSON {
    var members: [(String, JSON)] = [
      ("benchmark", JSON(benchmark)), ("case", JSON(identifier)), ("kernel", JSON(kernel)), ("threads", JSON(threads)),
      ("runs", JSON(timing.runs)), ("medianSeconds", JSON(timing.median)), ("leastSeconds", JSON(timing.least)),
      ("mostSeconds", JSON(timing.most)),
    ]
    if let bandwidth { members.append(("bandwidthGigabytesPerSecond", JSON(bandwidth / 1e9))) }
    members += rates.map { ($0.name, JSON($0.value)) }
    members += work.facts.map { ($0.name, JSON($0.value)) }
    return JSON(members: members)
  }
}
