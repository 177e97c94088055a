import Support

/// `tokenizer.model`: one name for two formats.
enum TokenizerModel {
  static let name = "tokenizer.model"

  static func load(_ directory: String) throws(TokenizerError) -> TokenizerDefinition {
    let file = try TokenizerFile(directory, name)
    let configuration = try TokenizerConfiguration(directory: directory)
    var definition: TokenizerDefinition
    // A line of text never begins with a line feed, which is how a protocol buffer's first piece begins.
    if file.bytes.first != 0x0A, TiktokenRanks.looksLikeRanks(file.bytes) {
      definition = try TiktokenRanks.definition(file, configuration)
    } else {
      definition = try SentencePieceModel(file).definition(configuration)
    }
    definition.files += configuration.files
    try definition.setEnds(configuration, addsBeginning: true)
    return definition
  }
}
