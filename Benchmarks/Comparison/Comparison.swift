import Support

/// `Benchmarks compare`: how many times as long other programs take.
enum Comparison {
  static func run(_ options: Options) throws {
    let peers = try options.peers.map { try MeasurementFile(path: $0) }
    let ours =
      try options.ours.isEmpty ? [measured(options, peers)] : options.ours.map { try MeasurementFile(path: $0) }
    let wanted = options.namesBenchmarks ? options.benchmarks.map { $0.name } : nil
    let ratios = try Ratios.of(ours: ours, peers: peers, benchmarks: wanted)
    for peer in peers {
      for own in ours where peer.processor != nil && own.processor != nil && peer.processor != own.processor {
        StandardStream.error.write(
          "Benchmarks: \(peer.program) ran on another processor (\(peer.processor ?? "")) than ours\n")
      }
    }
    for (path, peer) in zip(options.peers, peers) {
      guard try Ratios.of(ours: ours, peers: [peer], benchmarks: wanted).isEmpty else { continue }
      let reason =
        "none of its cases is among ours with the same number of threads: it has \(threads(of: [peer])), we "
        + threads(of: ours)
      guard !ratios.isEmpty else { throw BenchmarkError.badFile(path, reason: reason) }
      StandardStream.error.write("Benchmarks: \(path): \(reason)\n")
    }
    let output: String
    if options.wantsJSON {
      output = JSON.array(ratios.map(\.json)).document
    } else {
      output = (options.ours.isEmpty ? "\n" : "") + table(ratios)
    }
    StandardStream.output.write(output)
  }

  /// The numbers of threads in some files.
  private static func threads(of files: [MeasurementFile]) -> String {
    let counts = Set(files.flatMap(\.figures).map(\.threads)).sorted()
    return counts.isEmpty ? "none" : counts.map(String.init).joined(separator: ", ")
  }

  /// A run of the cases that the peers have, now.
  private static func measured(_ options: Options, _ peers: [MeasurementFile]) throws -> MeasurementFile {
    let figures = peers.flatMap(\.figures)
    var options = options
    options.keepBenchmarks { name in figures.contains { $0.benchmark == name } }
    if !options.hasThreads { options.useThreads(Set(figures.map(\.threads)).sorted()) }
    let (report, machine) = try BenchmarkRun.measure(options)
    return MeasurementFile(report.measurements, on: machine)
  }

  /// One line a case and peer; more than 1 means that we are faster.
  private static func table(_ ratios: [Ratio]) -> String {
    var lines = [line("case", "kernel", "threads", "ours ms", "peer", "peer ms", "peer/ours", "extremes")]
    for ratio in ratios {
      lines.append(
        line(
          ratio.identifier, ratio.kernel, "\(ratio.threads)", Report.milliseconds(ratio.ours), ratio.peer,
          Report.milliseconds(ratio.theirs), ratio.median.fixed(2),
          "\(ratio.least.fixed(2))...\(ratio.most.fixed(2))"))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func line(
    _ identifier: String, _ kernel: String, _ threads: String, _ ours: String, _ peer: String, _ theirs: String,
    _ ratio: String, _ extremes: String
  ) -> String {
    let own = "\(identifier.onTheLeft(of: 40)) \(kernel.onTheLeft(of: 9)) \(threads.onTheRight(of: 7))"
    let times = "\(ours.onTheRight(of: 9))  \(peer.onTheLeft(of: 24)) \(theirs.onTheRight(of: 9))"
    return "\(own) \(times) \(ratio.onTheRight(of: 10))  \(extremes)"
  }
}
