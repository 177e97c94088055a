import Support

/// A BPE model of sentencepiece (`sentencepiece_model.proto`), as LLaMA 1 and 2 have it.
///
/// There is no list of merges: two neighbours merge where their union is a piece, the piece of the highest score first.
struct SentencePieceModel {
  /// `ModelProto.SentencePiece.Type`.
  enum Kind: UInt64 {
    case normal = 1
    case unknown, control, userDefined, unused, byte
  }

  struct Piece {
    var spelling: [UInt8] = []
    var score: Float = 0
    var kind = Kind.normal
  }

  let file: TokenizerFile
  private(set) var pieces: [Piece] = []
  private var modelType: UInt64 = 1
  private var hasByteFallback = false
  private var treatsSpaceAsSuffix = false
  private var unknownID: Int? = 0
  private var beginningID: Int? = 1
  private var endID: Int? = 2
  private var unknownSurface = Array(" \u{2047} ".utf8)
  private var addsDummyPrefix = true
  private var removesExtraSpaces = true
  private var escapesSpaces = true

  /// Reads and checks the file.
  init(_ file: TokenizerFile) throws(TokenizerError) {
    self.file = file
    var reader = ProtobufReader(file)
    while let (field, value, offset) = try reader.next() {
      switch (field, value) {
      case (1, .bytes(let range)): pieces.append(try piece(range))
      case (2, .bytes(let range)): try readTrainer(range)
      case (3, .bytes(let range)): try readNormalizer(range, name: "normalizer_spec")
      case (5, .bytes(let range)):
        // Nothing in it changes how a text is encoded, but it must not ask for a character map.
        var copy = self
        try copy.readNormalizer(range, name: "denormalizer_spec")
      case (1...3, _), (5, _): throw reader.malformed("field \(field) must be a message", at: offset)
      default: continue
      }
    }
    guard !pieces.isEmpty else { throw reader.malformed("a sentencepiece model has pieces; this has none", at: 0) }
    guard modelType == 2 else {
      throw unsupported("trainer_spec.model_type", "\(modelType)", supported: "2 (BPE)")
    }
    if treatsSpaceAsSuffix { throw unsupported("trainer_spec.treat_whitespace_as_suffix", "true", supported: "false") }
    if !escapesSpaces { throw unsupported("normalizer_spec.escape_whitespaces", "false", supported: "true") }
  }

  private func unsupported(_ field: String, _ found: String, supported: String) -> TokenizerError {
    file.place(field).unsupported(found, supported: supported)
  }

  private func piece(_ range: Range<Int>) throws(TokenizerError) -> Piece {
    var piece = Piece()
    var reader = ProtobufReader(file, range: range)
    while let (field, value, offset) = try reader.next() {
      switch (field, value) {
      case (1, .bytes(let range)):
        piece.spelling = Array(file.bytes[range])
        if let bad = UTF8Validation.firstInvalidOffset(in: piece.spelling) {
          throw reader.malformed("a piece that is not UTF-8", at: range.lowerBound + bad)
        }
      case (2, .fixed32(let bits)):
        piece.score = Float(bitPattern: bits)
        if piece.score.isNaN {
          throw TokenizerError(
            file.path, reason: "the score of piece \(pieces.count) at byte \(offset) is not a number")
        }
      case (3, .varint(let raw)):
        guard let kind = Kind(rawValue: raw), kind != .unused else {
          throw unsupported(
            "pieces[\(pieces.count)].type", "\(raw)", supported: "NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE")
        }
        piece.kind = kind
      case (1...3, _): throw reader.malformed("field \(field) of a piece has the wrong type", at: offset)
      default: continue
      }
    }
    return piece
  }

  private mutating func readTrainer(_ range: Range<Int>) throws(TokenizerError) {
    func id(_ raw: UInt64) -> Int? {
      // A negative id means that there is no such piece.
      Int64(bitPattern: raw) < 0 ? nil : Int(truncatingIfNeeded: raw)
    }
    var reader = ProtobufReader(file, range: range)
    while let (field, value, _) = try reader.next() {
      switch (field, value) {
      case (3, .varint(let raw)): modelType = raw
      case (24, .varint(let raw)): treatsSpaceAsSuffix = raw != 0
      case (35, .varint(let raw)): hasByteFallback = raw != 0
      case (40, .varint(let raw)): unknownID = id(raw)
      case (41, .varint(let raw)): beginningID = id(raw)
      case (42, .varint(let raw)): endID = id(raw)
      case (44, .bytes(let range)): unknownSurface = UTF8Scalar.repaired(Array(file.bytes[range]), .maximalSubparts)
      default: continue
      }
    }
  }

  private mutating func readNormalizer(_ range: Range<Int>, name: String) throws(TokenizerError) {
    var reader = ProtobufReader(file, range: range)
    while let (field, value, _) = try reader.next() {
      switch (field, value) {
      case (2, .bytes(let map)):
        guard map.isEmpty else {
          throw unsupported(
            "\(name).precompiled_charsmap", "\(map.count) bytes", supported: "the identity, which has none")
        }
      case (3, .varint(let raw)): addsDummyPrefix = raw != 0
      case (4, .varint(let raw)): removesExtraSpaces = raw != 0
      case (5, .varint(let raw)): escapesSpaces = raw != 0
      default: continue
      }
    }
  }

  private func existing(_ id: Int) -> Int? { pieces.indices.contains(id) ? id : nil }

  /// The user-defined pieces, which are sought in the normalised text before anything merges.
  private func userDefinedPieces() throws(TokenizerError) -> [(pattern: [UInt8], token: AddedToken)] {
    var tokens: [(pattern: [UInt8], token: AddedToken)] = []
    for (id, piece) in pieces.enumerated() where piece.kind == .userDefined {
      let field = "pieces[\(id)].piece"
      guard piece.spelling.count <= AddedToken.longestContent else {
        throw unsupported(field, "\(piece.spelling.count) bytes", supported: "up to \(AddedToken.longestContent)")
      }
      if removesExtraSpaces, piece.spelling.contains(UInt8(ascii: " ")) {
        throw unsupported(field, "a space, which remove_extra_whitespaces spares", supported: "pieces without spaces")
      }
      tokens.append((piece.spelling, AddedToken(id: id, content: piece.spelling, isSpecial: false)))
    }
    return tokens
  }

  /// The tokenizer that the model describes, with the tokens that the configuration adds.
  func definition(_ configuration: TokenizerConfiguration) throws(TokenizerError) -> TokenizerDefinition {
    let place = file.place("pieces")
    var vocabulary = Vocabulary(capacity: pieces.count)
    for (id, piece) in pieces.enumerated() {
      try vocabulary.add(piece.spelling, id: id, at: place)
    }
    var unknowns = BPEModel.Unknowns()
    unknowns.fuses = true
    let unknown = pieces.firstIndex { $0.kind == .unknown } ?? unknownID.flatMap(existing)
    unknowns.symbol = unknown.map { Int32($0) }
    if hasByteFallback {
      // sentencepiece itself refuses a model that lacks some, with or without an unknown piece.
      unknowns.byteSymbols = try ByteFallback.ids(in: vocabulary, mayLackSome: false, file: file.path)
    }
    var normalizer = Normalizer()
    if removesExtraSpaces { normalizer.steps += [.trimSpaces, .squeezeSpaces] }
    let space = SentencePieceDecoder.spaceSymbol
    let addsDummyPrefix = try configuration.root.flag("add_prefix_space", default: addsDummyPrefix)
    let isLegacy = try configuration.root.flag("legacy", default: true)
    if addsDummyPrefix { normalizer.steps.append(.prepend(space, once: !isLegacy)) }
    normalizer.steps.append(.replace([UInt8(ascii: " ")], with: space))
    if removesExtraSpaces { normalizer.steps.append(.trimEnd(space)) }

    var added = AddedTokenList(vocabulary)
    for token in try configuration.numberedTokens() { try added.merge(token, &vocabulary) }
    // sentencepiece takes its own special tokens in a text for plain text, so that a role alone does not make a difference.
    for token in try configuration.roleTokens(defaults: [:]) where vocabulary.id(of: token.token.content) == nil {
      try added.merge(token, &vocabulary)
    }

    let controls = Set(pieces.indices.filter { pieces[$0].kind == .control })
    var bytes: [Int: UInt8] = [:]
    for (id, piece) in pieces.enumerated() where piece.kind == .byte {
      bytes[id] = ByteFallback.byte(of: piece.spelling[...])
    }
    var definition = TokenizerDefinition(
      files: [TokenizerModel.name], vocabulary: vocabulary,
      model: try SentencePieceMerges(pieces, at: place).model(unknowns: unknowns), normalizer: normalizer,
      decoder: SentencePieceDecoder(
        controlIDs: controls, unknownID: unknown, unknownSurface: unknownSurface, bytes: bytes,
        stripsLeadingSpace: addsDummyPrefix, stripsAllLeadingSpaces: removesExtraSpaces))
    definition.verbatimTokens = AddedTokenMatcher(added.tokens.map { ($0.content, $0) })
    definition.normalizedTokens = AddedTokenMatcher(try userDefinedPieces())
    definition.specialIDs = controls.union(unknown.map { [$0] } ?? []).union(added.tokens.filter(\.isSpecial).map(\.id))
    definition.beginningOfText = beginningID.flatMap(existing)
    definition.endOfText = endID.flatMap(existing)
    return definition
  }
}
