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
      let text = try File.contents(of: path)
      if let offset = UTF8Validation.firstInvalidOffset(in: text) {
        throw ModelError.tokens(
          source: path, reason: "the text is not UTF-8: the first wrong byte is at offset \(offset)")
      }
      ids = .stream(try source.tokenizer().encode(text))
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
      return try Calibration.samples(from: stream, count: count, length: length, seed: UInt64(seed))
    }
  }

  private func checkVocabulary() throws {
    let tokens =
      switch ids {
      case .stream(let stream): stream
      case .rows(let rows): rows.tokens
      }
    let size = source.model.vocabularySize
    guard let position = tokens.firstIndex(where: { $0 < 0 || $0 >= size }) else { return }
    throw ModelError.tokens(
      source: path, reason: "id \(tokens[position]) at position \(position) is not in the model's vocabulary of \(size)"
    )
  }

  /// A length that the model has positions for.
  private func positions(_ length: Int?) throws -> Int {
    let length = length ?? source.defaultLength
    guard length <= source.model.maximumPositions else {
      throw UsageError("--sequence-length \(length): the model has \(source.model.maximumPositions) positions")
    }
    return length
  }

  private func checked(_ rows: TokenBatch, _ length: Int?) throws -> TokenBatch {
    if let length, length != rows.length {
      throw UsageError("--sequence-length \(length): the rows of \(path) have \(rows.length) tokens")
    }
    guard rows.length > 1, rows.length <= source.model.maximumPositions else {
      let positions = source.model.maximumPositions
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
