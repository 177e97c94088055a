import Support

/// The figures of one run of one program: of ours, or of a script in `Benchmarks/peers`.
struct MeasurementFile {
  /// One case; seconds.
  struct Figure: Equatable {
    let benchmark: String
    let identifier: String
    let kernel: String
    let threads: Int
    let median: Double
    let least: Double
    let most: Double
    /// How many ids a tokenizer made, where the case is one.
    var ids: Int?
  }

  /// Which program: what the file says, or its name.
  let program: String
  /// The processor it ran on, where the file says so.
  let processor: String?
  let figures: [Figure]

  init(path: String) throws {
    let bytes = try File.contents(of: path, limit: 1 << 26)
    let json: JSON
    do { json = try JSON.parse(bytes) } catch { throw BenchmarkError.badFile(path, reason: "\(error)") }
    try self.init(json, path: path)
  }

  init(_ json: JSON, path: String) throws(BenchmarkError) {
    guard let results = json["results"]?.array else {
      throw .badFile(path, reason: "'results', an array, is missing")
    }
    program = json["machine"]?["program"]?.text ?? Path.name(of: path)
    processor = json["machine"]?["processor"]?.text
    var figures: [Figure] = []
    for (index, result) in results.enumerated() {
      func problem(_ field: String) -> BenchmarkError {
        .badFile(path, reason: "'\(field)' of result \(index) is missing or malformed")
      }
      func seconds(_ field: String) throws(BenchmarkError) -> Double {
        guard let value = result[field]?.double, value > 0, value.isFinite else { throw problem(field) }
        return value
      }
      guard let identifier = result["case"]?.text, !identifier.isEmpty else { throw problem("case") }
      guard let benchmark = result["benchmark"]?.text else { throw problem("benchmark") }
      guard let threads = result["threads"]?.integer, threads > 0 else { throw problem("threads") }
      figures.append(
        Figure(
          benchmark: benchmark, identifier: identifier, kernel: result["kernel"]?.text ?? "", threads: threads,
          median: try seconds("medianSeconds"), least: try seconds("leastSeconds"),
          most: try seconds("mostSeconds"), ids: result["ids"]?.integer))
    }
    self.figures = figures
  }

  /// The figures of a run that was just made.
  init(_ measurements: [Measurement], on machine: Machine) {
    program = "svnup"
    processor = machine.processor
    figures = measurements.map {
      Figure(
        benchmark: $0.benchmark, identifier: $0.identifier, kernel: $0.kernel, threads: $0.threads,
        median: $0.timing.median, least: $0.timing.least, most: $0.timing.most,
        ids: $0.work.facts.first { $0.name == "ids" }?.value)
    }
  }
}
