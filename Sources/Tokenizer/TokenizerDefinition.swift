/// Everything that a tokenizer's files say, ready for use.
struct TokenizerDefinition: Sendable {
  /// Names of the files that were read.
  var files: [String]
  /// All tokens, added ones included, as the files spell them.
  var vocabulary: Vocabulary
  var model: BPEModel
  var normalizer = Normalizer()
  var preTokenizer = PreTokenizer()
  /// The state of decoding before the first token.
  var decoder: any TokenDecoder
  /// Added tokens that are sought in the text as it is.
  var verbatimTokens = AddedTokenMatcher()
  /// Added tokens that are sought in the normalised text.
  var normalizedTokens = AddedTokenMatcher()
  /// Ids that decoding can leave out.
  var specialIDs: Set<Int> = []
  /// Ids put before and after a text.
  var prefix: [Int] = []
  var suffix: [Int] = []
  /// What a user of the files should know.
  var notes: [String] = []
  var beginningOfText: Int?
  var endOfText: Int?

  /// Makes tokens be recognised in the text.
  ///
  /// Call it once the normalizer is in its place.
  mutating func recognize(_ tokens: [AddedToken]) {
    verbatimTokens = AddedTokenMatcher(tokens.filter { !$0.isNormalized }.map { ($0.content, $0) })
    normalizedTokens = AddedTokenMatcher(
      tokens.filter(\.isNormalized).map { (normalizer($0.content), $0) })
    specialIDs = Set(tokens.filter(\.isSpecial).map(\.id))
  }

  /// Sets the tokens that begin and end a text where a configuration names them, and puts them around texts where it says so.
  mutating func setEnds(
    _ configuration: TokenizerConfiguration, addsBeginning: Bool, defaults: [String: String] = [:]
  ) throws(TokenizerError) {
    func id(_ role: String) throws(TokenizerError) -> Int? {
      try configuration.id(of: role, in: vocabulary, default: defaults[role])
    }
    beginningOfText = try id("bos_token") ?? beginningOfText
    endOfText = try id("eos_token") ?? endOfText
    if try configuration.root.flag("add_bos_token", default: addsBeginning), let id = beginningOfText { prefix = [id] }
    if try configuration.root.flag("add_eos_token", default: false), let id = endOfText { suffix = [id] }
  }
}
