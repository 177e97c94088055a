import Support

/// `vocab.json` and `merges.txt`: the byte-level encoding of GPT-2 and OPT.
///
/// The two files say nothing about special tokens. `TokenizerConfiguration` names them, and whether texts begin with one (OPT:
/// `</s>`); roles that it does not mention have `<|endoftext|>`, which joins the vocabulary where it is new.
enum VocabularyAndMerges {
  static let vocabularyName = "vocab.json"
  static let mergesName = "merges.txt"

  private static let defaults = Dictionary(
    uniqueKeysWithValues: ["bos_token", "eos_token", "unk_token"].map { ($0, "<|endoftext|>") })

  static func load(_ directory: String) throws(TokenizerError) -> TokenizerDefinition {
    let vocabularyField = try TokenizerFile(directory, vocabularyName).json()
    let mergesFile = try TokenizerFile(directory, mergesName)
    let configuration = try TokenizerConfiguration(directory: directory)
    var vocabulary = try Vocabulary(
      JSONField(file: vocabularyField.file, path: "the vocabulary", value: vocabularyField.value))
    let (table, _) = try MergeList(mergesFile).table(vocabulary)
    let model = BPEModel.byteLevel(vocabulary, table, unknowns: BPEModel.Unknowns(), wholeWords: nil)
    var added = AddedTokenList(vocabulary)
    for listed in try configuration.numberedTokens() + configuration.roleTokens(defaults: defaults) {
      try added.merge(listed, &vocabulary)
    }
    var definition = TokenizerDefinition(
      files: [vocabularyName, mergesName] + configuration.files, vocabulary: vocabulary, model: model,
      preTokenizer: PreTokenizer(
        pattern: .gpt2, addsPrefixSpace: try configuration.flag("add_prefix_space", default: false),
        isByteLevel: true),
      decoder: ByteLevelDecoder())
    definition.recognize(added.tokens)
    func id(_ key: String) throws(TokenizerError) -> Int? {
      try configuration.token(key, default: defaults[key]).flatMap { vocabulary.id(of: $0) }
    }
    definition.beginningOfText = try id("bos_token")
    definition.endOfText = try id("eos_token")
    if try configuration.flag("add_bos_token", default: false), let id = definition.beginningOfText {
      definition.prefix = [id]
    }
    if try configuration.flag("add_eos_token", default: false), let id = definition.endOfText {
      definition.suffix = [id]
    }
    return definition
  }
}
