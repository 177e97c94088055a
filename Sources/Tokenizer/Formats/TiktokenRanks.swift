import Support

/// A `tokenizer.model` in the format of tiktoken, as LLaMA 3 ships it: a token in base64 and its rank on each line.
///
/// The rank is the id, and it orders the merges: two neighbours merge where their union is a token.
enum TiktokenRanks {
  /// The special tokens of LLaMA 3, whose ids follow the ranks.
  ///
  /// The file does not name them: these are the names that Meta's own reader gives since LLaMA 3.1. An `added_tokens_decoder`
  /// goes before them.
  private static let specialTokens: [String] = {
    func reserved(_ numbers: Range<Int>) -> [String] { numbers.map { "<|reserved_special_token_\($0)|>" } }
    return ["<|begin_of_text|>", "<|end_of_text|>"] + reserved(0..<2)
      + [
        "<|finetune_right_pad_id|>", "<|step_id|>", "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>",
        "<|eot_id|>", "<|python_tag|>", "<|image|>",
      ] + reserved(2..<246)
  }()

  /// Whether the file begins with a line of base64 and a number.
  static func looksLikeRanks(_ bytes: [UInt8]) -> Bool {
    let line = bytes.prefix(1024).prefix { $0 != 0x0A }
    return parse(line) != nil
  }

  /// The token and the rank of a line, which may end with a carriage return.
  private static func parse(_ line: ArraySlice<UInt8>) -> (token: [UInt8], rank: Int)? {
    let line = line.last == 0x0D ? line.dropLast() : line
    guard let space = line.firstIndex(of: UInt8(ascii: " ")), let token = base64(line[..<space]), !token.isEmpty,
      let rank = Int(String(decoding: line[(space + 1)...], as: UTF8.self)), rank >= 0
    else { return nil }
    return (token, rank)
  }

  private static func base64(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    var bytes: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    let padding = text.suffix(2).reduce(0) { $0 + ($1 == UInt8(ascii: "=") ? 1 : 0) }
    for unit in text.dropLast(padding) {
      let value: UInt8
      switch unit {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = unit - UInt8(ascii: "A")
      case UInt8(ascii: "a")...UInt8(ascii: "z"): value = unit - UInt8(ascii: "a") + 26
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = unit - UInt8(ascii: "0") + 52
      case UInt8(ascii: "+"): value = 62
      case UInt8(ascii: "/"): value = 63
      default: return nil
      }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return bytes
  }

  static func definition(
    _ file: TokenizerFile, _ configuration: TokenizerConfiguration
  ) throws(TokenizerError) -> TokenizerDefinition {
    var words = Vocabulary(capacity: 1 << 17)
    var number = 0
    for line in file.bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
      number += 1
      if line.isEmpty { continue }
      let place = file.place("line \(number)")
      guard let (token, rank) = parse(line) else {
        throw place.failure("expected a token in base64, a space, and its rank")
      }
      try words.add(token, id: rank, at: place)
    }

    var vocabulary = Vocabulary(capacity: words.count + specialTokens.count)
    let splits = TokenSplits(words)
    var merges: [Merge] = []
    for id in 0..<words.size {
      guard let token = words[id] else { continue }
      let spelling = token.flatMap { ByteLevel.spelling(of: $0) }
      try vocabulary.add(spelling, id: id, at: file.place("rank \(id)"))
      splits.forEachSplit(of: id) { left, right in
        merges.append(Merge(left: Int32(left), right: Int32(right), result: Int32(id), rank: Int32(id)))
      }
    }
    for byte in 0...UInt8.max where ByteLevel.occursInUTF8(Int(byte)) && words.id(of: [byte]) == nil {
      throw TokenizerError(file.path, reason: "there is no token for byte \(byte), which every file of ranks has")
    }
    let model = BPEModel.byteLevel(
      vocabulary, try MergeTable(merges, file: file.path), unknowns: BPEModel.Unknowns(), wholeWords: words)
    let firstSpecial = vocabulary.count
    var added = AddedTokenList(vocabulary)
    let listed = try configuration.numberedTokens()
    for token in listed { try added.merge(token, &vocabulary) }
    if listed.isEmpty {
      for name in specialTokens {
        let token = AddedToken(content: Array(name.utf8), isSpecial: true)
        try added.add(token, &vocabulary, at: file.place("the special tokens"))
      }
    }
    var definition = TokenizerDefinition(
      files: [TokenizerModel.name], vocabulary: vocabulary, model: model,
      preTokenizer: PreTokenizer(pattern: .llama3, isByteLevel: true), decoder: ByteLevelDecoder())
    definition.recognize(added.tokens)
    if listed.isEmpty {
      definition.beginningOfText = firstSpecial
      definition.endOfText = firstSpecial + 1
    }
    return definition
  }
}
