import Support

/// A byte-pair-encoding tokenizer, loaded from the files of a model and true to them token by token.
///
/// Encoding has five stages: find added tokens, normalise, pre-tokenise, merge, post-process. Which of them do what is data,
/// read from the files (`TokenizerDefinition`). A tokenizer may be used from several threads at once.
public struct BPETokenizer: Sendable {
  /// The sets of files that can define a tokenizer.
  public enum Format: String, CaseIterable, Sendable {
    /// `tokenizer.json` of Hugging Face tokenizers.
    case tokenizerJSON = "tokenizer.json"
    /// `tokenizer.model`: a sentencepiece model (LLaMA 1 and 2) or tiktoken ranks (LLaMA 3).
    case tokenizerModel = "tokenizer.model"
    /// `vocab.json` and `merges.txt` (GPT-2, OPT).
    case vocabularyAndMerges = "vocab.json"
  }

  /// The format the tokenizer was read from.
  public let format: Format
  /// What a user should know about the tokenizer, in sentences that begin with its file: what of a text is lost without a word.
  public let notes: [String]
  private let definition: TokenizerDefinition
  private var workspaces = WorkspacePool()

  /// Loads the tokenizer of a model directory from the first format present, in the order of `Format`.
  public init(directory: String) throws(TokenizerError) {
    let present = Format.allCases.first { FileSystem.isListed(Path.join(directory, $0.rawValue)) }
    guard let format = present else {
      throw TokenizerError(
        directory,
        reason: "no tokenizer here; expected tokenizer.json, tokenizer.model, or vocab.json with merges.txt",
        failureKind: .noInput)
    }
    try self.init(directory: directory, format: format)
  }

  /// Loads the tokenizer of a model directory from one format, whatever else lies there.
  public init(directory: String, format: Format) throws(TokenizerError) {
    self.format = format
    switch format {
    case .tokenizerJSON: definition = try TokenizerJSON.load(directory)
    case .tokenizerModel: definition = try TokenizerModel.load(directory)
    case .vocabularyAndMerges: definition = try VocabularyAndMerges.load(directory)
    }
    notes = ([definition.model.noteOnLosses()].compactMap(\.self) + definition.notes).map {
      "\(Path.join(directory, format.rawValue)): \($0)"
    }
  }

  /// The files that define the tokenizer: names within its directory, in the order of reading.
  public var definingFiles: [String] { definition.files }

  /// One more than the largest id, added tokens included: the rows that an embedding must have at least.
  public var vocabularySize: Int { definition.vocabulary.size }

  /// The ids that stand in front of every text, such as a beginning-of-text token.
  public var beginning: [Int] { definition.prefix }

  /// The ids that stand behind every text; most tokenizers have none.
  public var ending: [Int] { definition.suffix }

  /// The id of the token that begins a text, where the files name one.
  public var beginningOfText: Int? { definition.beginningOfText }

  /// The id of the token that ends a text, where the files name one.
  public var endOfText: Int? { definition.endOfText }

  /// The spelling of a token as the files have it (`▁the`, `Ġthe`, `<0x0A>`), or nil where no token has this id.
  public func piece(_ id: Int) -> [UInt8]? { definition.vocabulary[id].map(Array.init) }

  /// The id of the token with exactly this spelling.
  public func id(ofPiece piece: [UInt8]) -> Int? { definition.vocabulary.id(of: piece) }

  /// The ids of a text.
  ///
  /// - Parameters:
  ///   - text: Valid UTF-8; the caller checks. Ill-formed bytes are encoded as bytes or as unknown characters, never refused.
  ///   - addingSpecialTokens: Whether to add what the tokenizer puts around a text, such as a beginning-of-text token.
  ///   - recognizingSpecialTokens: Whether `</s>` in the text is the special token rather than four characters. Switch it
  ///     off for text that comes from strangers. Without a configuration a sentencepiece model
  ///     has none.
  /// - Complexity: O(n) expected for ordinary text; O(n log n) for text without any place to cut.
  public func encode(
    _ text: [UInt8], addingSpecialTokens: Bool = true, recognizingSpecialTokens: Bool = true
  ) -> [Int] {
    var workspace = workspaces.take()
    defer { workspaces.give(&workspace) }
    var ids: [Int] = []
    ids.reserveCapacity(text.count / 3 + 4)
    if addingSpecialTokens { ids.append(contentsOf: definition.prefix) }
    text.withUnsafeBufferPointer { text in
      definition.forEachFragment(of: text, recognizingSpecialTokens: recognizingSpecialTokens) { fragment in
        switch fragment {
        case .token(let id): ids.append(id)
        case .text(let spelled): definition.encode(spelled, &workspace, into: &ids)
        }
      }
    }
    if addingSpecialTokens { ids.append(contentsOf: definition.suffix) }
    return ids
  }

  /// The ids of a text.
  public func encode(
    _ text: String, addingSpecialTokens: Bool = true, recognizingSpecialTokens: Bool = true
  ) -> [Int] {
    encode(
      Array(text.utf8), addingSpecialTokens: addingSpecialTokens, recognizingSpecialTokens: recognizingSpecialTokens)
  }

  /// A long text cut into parts that can be encoded in any order and by any thread.
  ///
  /// - Parameters:
  ///   - text: Valid UTF-8, as for `encode`.
  ///   - addingSpecialTokens: Whether the tokens around a text are added.
  ///   - recognizingSpecialTokens: Whether special tokens that are spelled in the text become their ids.
  ///   - bytesPerPart: About how long a part is. A text without a safe place to cut is one part.
  public func plan(
    _ text: [UInt8], addingSpecialTokens: Bool = true, recognizingSpecialTokens: Bool = true,
    bytesPerPart: Int = 1 << 16
  ) -> EncodingPlan {
    var plan = EncodingPlan(definition: definition, workspaces: workspaces, bytesPerPart: bytesPerPart)
    if addingSpecialTokens { plan.append(definition.prefix) }
    text.withUnsafeBufferPointer { text in
      definition.forEachFragment(of: text, recognizingSpecialTokens: recognizingSpecialTokens) { fragment in
        switch fragment {
        case .token(let id): plan.append([id])
        case .text(let spelled): plan.append(spelled)
        }
      }
    }
    if addingSpecialTokens { plan.append(definition.suffix) }
    return plan
  }

  /// The same tokenizer without any remembered words.
  package func forgettingWords() -> BPETokenizer {
    var copy = self
    copy.workspaces = WorkspacePool()
    return copy
  }

  /// The text of ids, as valid UTF-8; ids of no token are passed over.
  ///
  /// Bytes that do not form UTF-8 become U+FFFD, in the way of the library that the format comes from.
  public func decode(_ ids: [Int], skippingSpecialTokens: Bool = false) -> [UInt8] {
    var text: [UInt8] = []
    var stream = stream(skippingSpecialTokens: skippingSpecialTokens)
    for id in ids { stream.append(id, to: &text) }
    stream.finish(to: &text)
    return text
  }

  /// The text of ids; ids of no token are passed over.
  public func text(of ids: [Int], skippingSpecialTokens: Bool = false) -> String {
    String(decoding: decode(ids, skippingSpecialTokens: skippingSpecialTokens), as: UTF8.self)
  }

  /// The special tokens, which `skippingSpecialTokens` leaves out of texts, by their ids.
  public var specialTokens: [(id: Int, spelling: String)] {
    definition.specialIDs.sorted().compactMap { id in piece(id).map { (id, String(decoding: $0, as: UTF8.self)) } }
  }

  /// The text of ids that are still to come, one after the other.
  ///
  /// - Parameters:
  ///   - skippingSpecialTokens: whether special tokens stand for nothing.
  ///   - continuing: whether they go on behind other text, so that a blank in front of them is one; else the text begins with them.
  public func stream(skippingSpecialTokens: Bool = false, continuing: Bool = false) -> TextStream {
    var decoder = definition.decoder
    if continuing { decoder.goOn() }
    return TextStream(
      decoder: decoder, vocabulary: definition.vocabulary,
      skipped: skippingSpecialTokens ? definition.specialIDs : [])
  }
}
