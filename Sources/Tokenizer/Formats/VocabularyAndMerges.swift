import Support

/// `vocab.json` and `merges.txt`: the byte-level encoding of GPT-2 and OPT.
///
/// The two files say nothing about special tokens. `TokenizerConfiguration` names them, and whether texts begin with one (OPT:
/// `</s>`); roles that it does not mention have `<|endoftext|>`, which joins the vocabulary where it is new.
enum VocabularyAndMerges {
  private static let defaults = Dictionary(
    uniqueKeysWithValues: ["bos_token", "eos_token", "unk_token"].map { ($0, "<|endoftext|>") })

  static func load(_ directory: String) throws(TokenizerError) -> TokenizerDefinition {
    let root = try FieldReader(file: Path.join(directory, "vocab.json"))
    let mergesFile = try TokenizerFile(directory, "merges.txt")
    let configuration = try TokenizerConfiguration(directory: directory)
    var vocabulary = try Vocabulary(FieldReader(root.json, source: root.source, path: "the vocabulary"))
    let merges = try MergeList(mergesFile).merges(vocabulary)
    let model = BPEModel.byteLevel(
      vocabulary, try MergeTable(merges, file: mergesFile.path), unknowns: BPEModel.Unknowns(), wholeWords: nil)
    var added = AddedTokenList(vocabulary)
    for listed in try configuration.numberedTokens() + configuration.roleTokens(defaults: defaults) {
      try added.merge(listed, &vocabulary)
    }
    var definition = TokenizerDefinition(
      files: ["vocab.json", "merges.txt"] + configuration.files, vocabulary: vocabulary, model: model,
      preTokenizer: PreTokenizer(
        pattern: .gpt2, addsPrefixSpace: try configuration.root.flag("add_prefix_space", default: false),
        isByteLevel: true),
      decoder: ByteLevelDecoder())
    definition.recognize(added.tokens)
    try definition.setEnds(configuration, addsBeginning: false, defaults: defaults)
    return definition
  }
}
