import Support
import Transformer

/// A corpus in the tokens of a model.
package struct CorpusTokens {
  /// Token ids as they are cut into windows and samples.
  package enum IDs {
    /// The ids of every document, which no window goes over the end of.
    case streams([[Int]])
    case rows(TokenBatch)

    init(_ file: TokenFile) {
      switch file {
      case .stream(let stream): self = .streams([stream])
      case .rows(let rows): self = .rows(rows)
      }
    }

    var isRows: Bool { if case .rows = self { true } else { false } }

    /// The ids one behind the other.
    var all: [[Int]] {
      switch self {
      case .streams(let streams): streams
      case .rows(let rows): [rows.tokens]
      }
    }

    var count: Int { all.reduce(0) { $0 + $1.count } }

    /// SHA-256 of the ids, eight bytes each.
    var hash: String { all.joined().sha256 }
  }

  /// What messages call it.
  private let name: String
  private let ids: IDs
  /// How it became tokens.
  let told: TextProtocol
  private let source: ModelSource

  package init(_ ids: IDs, _ told: TextProtocol, name: String, for source: ModelSource) throws {
    self.ids = ids
    self.told = told
    self.name = name
    self.source = source
    try source.check(ids.all.joined(), of: name)
  }

  /// Rows, where the text has rows.
  var rowCount: Int? { if case .rows(let rows) = ids { rows.sequences } else { nil } }

  /// The whole windows of `length` tokens without overlap, or the rows as they stand.
  package func windows(length: Int?) throws -> TokenBatch {
    switch ids {
    case .rows(let rows): return try checked(rows, length)
    case .streams(let streams):
      let length = try positions(length)
      try checkLength(streams, "a window", length)
      return Self.windows(of: streams, length: length)
    }
  }

  private static func windows(of streams: [[Int]], length: Int) -> TokenBatch {
    TokenBatch(tokens: streams.flatMap { $0.prefix($0.count / length * length) }, length: length)
  }

  /// Calibration samples drawn from the text, or the first rows as they stand.
  package func samples(count: Int, length: Int?, seed: Int) throws -> TokenBatch {
    switch ids {
    case .rows(let rows): return try checked(rows, length).first(count)
    case .streams(let streams):
      let length = try positions(length)
      try checkLength(streams, "a sample", length)
      try checkMemory(count, length)
      return try Calibration.samples(from: streams, count: count, length: length, seed: UInt64(bitPattern: Int64(seed)))
    }
  }

  /// Calibration samples, and windows at the end of the text that none of them touches: as many as asked for, and at
  /// most a fifth of the text.
  package func samples(
    count: Int, length: Int?, seed: Int, holdingBack wanted: Int
  ) throws -> (samples: TokenBatch, heldBack: TokenBatch) {
    func heldBack(of available: Int) throws -> Int {
      guard available >= 5 else {
        throw failure("it has \(available) windows; to hold some back for a search takes at least 5")
      }
      return min(wanted, available / 5)
    }
    switch ids {
    case .rows(let rows):
      let rows = try checked(rows, length)
      let kept = rows.sequences - (try heldBack(of: rows.sequences))
      return (rows[sequences: 0..<min(count, kept)], rows[sequences: kept..<rows.sequences])
    case .streams(var kept):
      let length = try positions(length)
      var missing = try heldBack(of: kept.reduce(0) { $0 + $1.count / length })
      try checkMemory(count, length)
      var held: [[Int]] = []
      while missing > 0, let last = kept.popLast() {
        let taken = min(missing, last.count / length)
        let cut = last.count - taken * length
        held.insert(Array(last[cut...]), at: 0)
        missing -= taken
        if missing == 0 { kept.append(Array(last[..<cut])) }
      }
      let samples = try Calibration.samples(
        from: kept, count: count, length: length, seed: UInt64(bitPattern: Int64(seed)))
      return (samples, Self.windows(of: held, length: length))
    }
  }

  /// A length that the model has positions for.
  private func positions(_ length: Int?) throws -> Int {
    if let length, length < 2 { throw SettingError(.sequenceLength, "\(length)", "there must be two at least") }
    let length = length ?? source.defaultLength
    guard length <= source.directory.maximumPositions else {
      throw SettingError(
        .sequenceLength, "\(length)", "the model has \(source.directory.maximumPositions) positions")
    }
    guard length > 1 else {
      throw ModelError.tokens(
        source: source.path, reason: "max_position_embeddings: one position is too few to predict")
    }
    return length
  }

  /// Refuses samples whose hidden states would not fit the machine.
  private func checkMemory(_ count: Int, _ length: Int) throws {
    let bytes = count.multipliedReportingOverflow(by: length * (16 + 4 * source.directory.hiddenSize))
    guard bytes.overflow || bytes.partialValue > Process.physicalMemory else { return }
    let needed = bytes.overflow ? "too much memory" : Quantity.bytes(bytes.partialValue)
    throw SettingError(
      .samples, "\(count)",
      "the hidden states of so many samples of \(length) tokens need \(needed); this machine has "
        + Quantity.bytes(Process.physicalMemory))
  }

  private func checked(_ rows: TokenBatch, _ length: Int?) throws -> TokenBatch {
    if let length, length != rows.length {
      throw SettingError(.sequenceLength, "\(length)", "the rows of \(name) have \(rows.length) tokens")
    }
    guard rows.length > 1, rows.length <= source.directory.maximumPositions else {
      throw failure("rows must have 2 to \(source.directory.maximumPositions) tokens, not \(rows.length)")
    }
    return rows
  }

  /// Throws where no document has enough tokens.
  private func checkLength(_ streams: [[Int]], _ what: String, _ length: Int) throws {
    let longest = streams.map(\.count).max() ?? 0
    guard longest < length else { return }
    let tokens = "\(longest) token\(longest == 1 ? "" : "s")"
    if streams.count > 1 {
      throw failure(
        "the longest of its \(streams.count) documents has \(tokens), and \(what) needs \(length); join the "
          + "documents, or use a shorter sequence length")
    }
    throw failure(
      "it has \(tokens), and \(what) needs \(length); use a longer text or a shorter sequence length")
  }

  private func failure(_ reason: String) -> ModelError { .tokens(source: name, reason: reason) }
}

extension Sequence<Int> {
  /// SHA-256 of the numbers, eight bytes each.
  var sha256: String {
    var hash = SHA256()
    var bytes: [UInt8] = []
    for id in self {
      withUnsafeBytes(of: UInt64(bitPattern: Int64(id)).littleEndian) { bytes.append(contentsOf: $0) }
      if bytes.count >= 1 << 16 {
        hash.update(bytes)
        bytes.removeAll(keepingCapacity: true)
      }
    }
    hash.update(bytes)
    return hash.hexadecimal()
  }
}
