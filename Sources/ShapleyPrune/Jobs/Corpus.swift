import Support
import Transformer

/// A text to measure or to calibrate on.
///
///     job.evaluation = .text("wiki.test.raw")
///     job.calibration = .ids(tokens)
public struct Corpus: Sendable {
  private enum Content: Sendable {
    case text(String)
    case tokenFile(String)
    case ids(TokenFile)
  }

  private let content: Content

  /// A UTF-8 text in a file, tokenized once with the special tokens that the tokenizer puts around a text.
  public static func text(_ path: String) -> Corpus { Corpus(content: .text(path)) }

  /// Token ids in a file: `.npy`, or `.safetensors` with a tensor `input_ids`; rows are windows or samples as they
  /// stand.
  public static func tokens(_ path: String) -> Corpus { Corpus(content: .tokenFile(path)) }

  /// Token ids, or a text, as the ending of the file's name tells.
  public static func file(_ path: String) -> Corpus { TokenFile.isTokenFile(path) ? tokens(path) : text(path) }

  /// Token ids of a text.
  public static func ids(_ stream: [Int]) -> Corpus { Corpus(content: .ids(.stream(stream))) }

  /// Token ids in rows, which are windows or samples as they stand.
  public static func rows(_ rows: TokenBatch) -> Corpus { Corpus(content: .ids(.rows(rows))) }

  /// The file, where there is one.
  public var path: String? {
    switch content {
    case .text(let path), .tokenFile(let path): path
    case .ids: nil
    }
  }

  private var isText: Bool { if case .text = content { true } else { false } }

  /// The text in the tokens of a model; the tokenizer's notes are told unless a text before this one has told them.
  ///
  /// Throws where a file cannot be read, is malformed, or has an id that is not in the model's vocabulary.
  func tokens(for source: ModelSource, events: any JobEvents, after earlier: Corpus? = nil) throws -> CorpusTokens {
    let ids: TokenFile
    switch content {
    case .text(let path):
      let text = try TextInput(path: path).bytes()
      let tokenizer = try source.tokenizer()
      if earlier?.isText != true { for note in tokenizer.notes { events.note(note) } }
      ids = .stream(tokenizer.encodeInParallel(text))
    case .tokenFile(let path): ids = try TokenFile(path: path)
    case .ids(let given): ids = given
    }
    return try CorpusTokens(ids, name: path ?? "the token ids", for: source)
  }
}

/// A corpus in the tokens of a model.
struct CorpusTokens {
  /// What messages call it.
  private let name: String
  private let ids: TokenFile
  private let source: ModelSource

  init(_ ids: TokenFile, name: String, for source: ModelSource) throws {
    self.ids = ids
    self.name = name
    self.source = source
    let tokens =
      switch ids {
      case .stream(let stream): stream
      case .rows(let rows): rows.tokens
      }
    let size = source.directory.vocabularySize
    if let position = tokens.firstIndex(where: { $0 < 0 || $0 >= size }) {
      throw failure("id \(tokens[position]) at position \(position) is not in the model's vocabulary of \(size)")
    }
  }

  /// Rows, where the text has rows.
  var rowCount: Int? { if case .rows(let rows) = ids { rows.sequences } else { nil } }

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

  /// Calibration samples drawn from the text, or the first rows as they stand.
  func samples(count: Int, length: Int?, seed: Int) throws -> TokenBatch {
    switch ids {
    case .rows(let rows): return try checked(rows, length).first(count)
    case .stream(let stream):
      let length = try positions(length)
      guard stream.count >= length else { throw tooShort(stream.count, "a sample", length) }
      try checkMemory(count, length)
      return try Calibration.samples(from: stream, count: count, length: length, seed: UInt64(seed))
    }
  }

  /// Calibration samples, and windows at the end of the text that none of them touches: as many as asked for, and at
  /// most a fifth of the text.
  func samples(
    count: Int, length: Int?, seed: Int, holdingBack wanted: Int
  ) throws -> (samples: TokenBatch, heldBack: TokenBatch) {
    func heldBack(of available: Int) throws -> Int {
      guard available >= 5 else {
        throw failure("it has \(available) windows; to hold some back for the search of a spread takes at least 5")
      }
      return min(wanted, available / 5)
    }
    switch ids {
    case .rows(let rows):
      let rows = try checked(rows, length)
      let kept = rows.sequences - (try heldBack(of: rows.sequences))
      return (rows[sequences: 0..<min(count, kept)], rows[sequences: kept..<rows.sequences])
    case .stream(let stream):
      let length = try positions(length)
      let kept = stream.count - (try heldBack(of: stream.count / length)) * length
      try checkMemory(count, length)
      let samples = try Calibration.samples(
        from: Array(stream[..<kept]), count: count, length: length, seed: UInt64(seed))
      return (samples, TokenBatch(windowsOf: Array(stream[kept...]), length: length))
    }
  }

  /// A length that the model has positions for.
  private func positions(_ length: Int?) throws -> Int {
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

  private func tooShort(_ count: Int, _ what: String, _ length: Int) -> ModelError {
    failure("it has \(count) tokens, and \(what) needs \(length); use a longer text or a shorter sequence length")
  }

  private func failure(_ reason: String) -> ModelError { .tokens(source: name, reason: reason) }
}
