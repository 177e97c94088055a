import Support

/// Why a tokenizer's files were refused: the file, the field or another place in it, what is wrong and, where there is one,
/// the remedy.
public typealias TokenizerError = DocumentError
