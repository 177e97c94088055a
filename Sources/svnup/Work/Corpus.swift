import ShapleyPrune
import Support
import Transformer

/// A file to measure or calibrate on, in the tokens of a model.
struct Corpus {
  let path: String
  private let ids: TokenFile
  private let source: ModelSource

  /// Reads token ids, or reads a text and tokenizes it once, with the special tokens that the tokenizer puts around a text.
  init(_ path: String, for source: ModelSource) throws {
    self.path = path
    self.source = source
    if TokenFile.isTokenFile(path) {
      ids = try TokenFile(path: path)
    } else {
      let text = try TextInput(path: path).bytes()
      ids = .stream(try source.tokenizer().encodeInParallel(text))
    }
    try checkVocabulary()
  }

  /// The whole windows of `length` tokens without overlap, or the rows as they stand.
  func windows(length: Int?) throws -> TokenBatch {
    switch ids {
    case .rows(let rows): return try checked(rows, length)
    case .stream(let stream):
      let length = try positions(length)
      guard stream.count >= length else { throw tooShort(stream.count, "a window", length) }
      return TokenBatch(windowsOf: stream, length: length)
    }
  }

  /// Calibration samples drawn from the text, or the rows as they stand.
  func samples(count: Int, length: Int?, seed: Int) throws -> TokenBatch {
    switch ids {
    case .rows(let rows): return try checked(rows, length)
    case .stream(let stream):
      let length = try positions(length)
      guard stream.count >= length else { throw tooShort(stream.count, "a sample", length) }
      try checkMemory(count, length)
      return try Calibration.samples(from: stream, count: count, length: length, seed: UInt64(seed))
    }
  }

  /// Calibration samples, and windows at the end of the text that none of them touches: as many as asked for, and at most a fifth
  /// of the text.
  func samples(
    count: Int, length: Int?, seed: Int, holdingBack wanted: Int
  ) throws -> (samples: TokenBatch, heldBack: TokenBatch) {
    func heldBack(of available: Int) throws -> Int {
      guard available >= 5 else {
        throw ModelError.tokens(
          source: path, reason: "it has \(available) windows; to hold some back for --spread auto takes at least 5")
      }
      return min(wanted, available / 5)
    }
    switch ids {
    case .rows(let rows):
      let rows = try checked(rows, length)
      let kept = rows.sequences - (try heldBack(of: rows.sequences))
      return (rows[sequences: 0..<kept], rows[sequences: kept..<rows.sequences])
    case .stream(let stream):
      let length = try positions(length)
      let kept = stream.count - (try heldBack(of: stream.count / length)) * length
      try checkMemory(count, length)
      let samples = try Calibration.samples(
        from: Array(stream[..<kept]), count: count, length: length, seed: UInt64(seed))
      return (samples, TokenBatch(windowsOf: Array(stream[kept...]), length: length))
    }
  }

  private func checkVocabulary() throws {
    let tokens =
      switch ids {
      case .stream(let stream): stream
      case .rows(let rows): rows.tokens
      }
    let size = source.directory.vocabularySize
    guard let position = tokens.firstIndex(where: { $0 < 0 || $0 >= size }) else { return }
    throw ModelError.tokens(
      source: path, reason: "id \(tokens[position]) at position \(position) is not in the model's vocabulary of \(size)"
    )
  }

  /// A length that the model has positions for.
  private func positions(_ length: Int?) throws -> Int {
    let length = length ?? source.defaultLength
    guard length <= source.directory.maximumPositions else {
      throw UsageError("--sequence-length \(length): the model has \(source.directory.maximumPositions) positions")
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
    throw UsageError(
      "--samples \(count): the hidden states of so many samples of \(length) tokens need \(needed); this machine has "
        + Quantity.bytes(Process.physicalMemory))
  }

  private func checked(_ rows: TokenBatch, _ length: Int?) throws -> TokenBatch {
    if let length, length != rows.length {
      throw UsageError("--sequence-length \(length): the rows of \(path) have \(rows.length) tokens")
    }
    guard rows.length > 1, rows.length <= source.directory.maximumPositions else {
      let positions = source.directory.maximumPositions
      throw ModelError.tokens(source: path, reason: "rows must have 2 to \(positions) tokens, not \(rows.length)")
    }
    return rows
  }

  private func tooShort(_ count: Int, _ what: String, _ length: Int) -> ModelError {
    .tokens(
      source: path,
      reason: "it has \(count) tokens, and \(what) needs \(length); use a longer text or a shorter --sequence-length")
  }
}
