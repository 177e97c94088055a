import Support
import Tokenizer
import Transformer

/// A text to measure or to calibrate on.
///
///     job.evaluation = .text("wiki.test.raw", as: TextReading(format: .wikitext))
///     job.calibration = .ids(tokens)
public struct Corpus: Sendable {
  private enum Content: Sendable {
    case text(String, TextReading)
    case tokenFile(String, TextReading)
    case ids(TokenFile)
  }

  private let content: Content

  /// A UTF-8 text, or documents, in a file or in the files of a folder, tokenized once with the special tokens that the
  /// tokenizer puts around a text.
  public static func text(_ path: String, as reading: TextReading = TextReading()) -> Corpus {
    Corpus(content: .text(path, reading))
  }

  /// Token ids in a file: `.npy`, `.npz`, or `.safetensors` with a tensor `input_ids`; rows are windows or samples as
  /// they stand.
  public static func tokens(_ path: String) -> Corpus { Corpus(content: .tokenFile(path, TextReading())) }

  /// Token ids, or a text, as the ending of the file's name tells.
  public static func file(_ path: String, as reading: TextReading = TextReading()) -> Corpus {
    TokenFile.isTokenFile(path) ? Corpus(content: .tokenFile(path, reading)) : text(path, as: reading)
  }

  /// Token ids of a text.
  public static func ids(_ stream: [Int]) -> Corpus { Corpus(content: .ids(.stream(stream))) }

  /// Token ids in rows, which are windows or samples as they stand.
  public static func rows(_ rows: TokenBatch) -> Corpus { Corpus(content: .ids(.rows(rows))) }

  /// The file or the folder, where there is one.
  public var path: String? {
    switch content {
    case .text(let path, _), .tokenFile(let path, _): path
    case .ids: nil
    }
  }

  /// Whether it is a text, or documents, rather than token ids.
  package var isText: Bool { reading != nil }

  /// How a text is read; nil for token ids.
  var reading: TextReading? { if case .text(_, let reading) = content { reading } else { nil } }

  /// What a text is for, which decides what becomes of several documents where nobody says.
  enum Use {
    case measuring, calibrating
  }

  /// The text in the tokens of a model; the tokenizer's notes are told unless a text before this one has told them.
  ///
  /// Throws where a file cannot be read, is malformed, or has an id that is not in the model's vocabulary.
  func tokens(
    for source: ModelSource, _ use: Use, events: any JobEvents, after earlier: Corpus? = nil
  ) throws -> CorpusTokens {
    // Nothing is left of it for a second text.
    if let path, TextInput(path: path).isStandardInput, earlier?.path == path {
      throw DocumentError(
        TextInput(path: path).name, reason: "it is another text of this run already; give one of them as a file")
    }
    var told = TextProtocol()
    let ids: CorpusTokens.IDs
    switch content {
    case .text(let path, let reading):
      let documents = try TextDocuments(path, reading, usually: use == .measuring ? .space : .apart)
      for note in documents.notes { events.note(note) }
      if documents.count == nil, reading.isOfDocuments {
        events.note("\(path): it is one text, for which fields and the joining of documents say nothing")
      }
      let tokenizer = try source.tokenizer()
      if earlier?.reading == nil { for note in tokenizer.notes { events.note(note) } }
      ids = .streams(tokenizer.encode(documents.texts))
      told.joining = documents.joining
      told.documents = documents.count
      told.bos = tokenizer.spelling(of: tokenizer.beginning)
      told.eos = tokenizer.spelling(of: tokenizer.ending)
      told.hash = documents.hash
    case .tokenFile(let path, let reading):
      if reading.isOfDocuments {
        events.note("\(path): it has token ids, for which fields and the joining of documents say nothing")
      }
      var others: [String] = []
      ids = CorpusTokens.IDs(try TokenFile(path: path, others: &others))
      if !others.isEmpty { events.note("\(path): arrays that are not read: \(others.joined(separator: ", "))") }
      told.hash = try SHA256.hexadecimal(ofFile: path)
    case .ids(let given):
      ids = CorpusTokens.IDs(given)
      told.hash = ids.hash
    }
    if reading == nil { told.joining = ids.isRows ? "rows of token ids" : "token ids" }
    told.tokens = ids.count
    return try CorpusTokens(ids, told, name: path ?? "the token ids", for: source)
  }
}

extension TextReading {
  /// Whether it says what only documents need.
  fileprivate var isOfDocuments: Bool { joining != nil || field != TextReading().field }
}

extension BPETokenizer {
  /// The ids of texts, each with the special tokens around it.
  fileprivate func encode(_ texts: [[UInt8]]) -> [[Int]] {
    texts.count == 1 ? [encodeInParallel(texts[0])] : Parallel.map(texts.count) { encode(texts[$0]) }
  }

  fileprivate func spelling(of ids: [Int]) -> String {
    ids.map { String(decoding: piece($0) ?? [], as: UTF8.self) }.joined()
  }
}
