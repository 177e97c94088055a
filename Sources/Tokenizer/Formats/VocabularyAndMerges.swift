import Support

/// `vocab.json` and `merges.txt`: the byte-level encoding of GPT-2 and OPT.
///
/// The two files say nothing about special tokens. `tokenizer_config.json` names them, and whether texts begin with one
/// (OPT: `</s>`); without it, `<|endoftext|>` is one where the vocabulary has it.
enum VocabularyAndMerges {
  static let vocabularyName = "vocab.json"
  static let mergesName = "merges.txt"

  static func load(_ directory: String) throws(TokenizerError) -> TokenizerDefinition {
    let vocabularyField = try TokenizerFile(directory, vocabularyName).json()
    let mergesFile = try TokenizerFile(directory, mergesName)
    let configuration = try TokenizerConfiguration.load(directory)
    let vocabulary = try Vocabulary(
      JSONField(file: vocabularyField.file, path: "the vocabulary", value: vocabularyField.value))
    let (table, _) = try MergeList(mergesFile).table(vocabulary)
    let model = try BPEModel.byteLevel(
      vocabulary, table, unknowns: BPEModel.Unknowns(), wholeWords: nil, file: vocabularyField.file)
    var definition = TokenizerDefinition(
      files: [vocabularyName, mergesName] + (configuration.map { [$0.file] } ?? []), vocabulary: vocabulary,
      model: model,
      preTokenizer: PreTokenizer(
        pattern: .gpt2, addsPrefixSpace: try configuration?.flag("add_prefix_space", default: false) ?? false,
        isByteLevel: true),
      decoder: ByteLevelDecoder())
    var special: [AddedToken] = []
    for key in ["bos_token", "eos_token", "unk_token", "pad_token"] {
      let fallback = configuration == nil && key != "pad_token" ? Array("<|endoftext|>".utf8) : nil
      guard let content = try configuration?.token(key) ?? fallback, let id = vocabulary.id(of: content) else {
        continue
      }
      if key == "bos_token" { definition.beginningOfText = id }
      if key == "eos_token" { definition.endOfText = id }
      if !special.contains(where: { $0.id == id }) {
        special.append(AddedToken(id: id, content: content, isSpecial: true))
      }
    }
    definition.recognize(special)
    if let configuration, try configuration.flag("add_bos_token", default: false) {
      guard let id = definition.beginningOfText else {
        throw configuration.root["bos_token"].expected("a token of the vocabulary, since add_bos_token is true")
      }
      definition.prefix = [id]
    }
    return definition
  }
}
