import Support

/// Why a tokenizer's files were refused: one case a rule, each naming the file and, where there is one, field or offset.
public enum TokenizerError: Error, Sendable, Equatable {
  /// The directory holds none of the known sets of files.
  case noTokenizer(directory: String)
  /// A file could not be read; `isMissing` tells whether there is none.
  case unreadable(file: String, reason: String, isMissing: Bool)
  /// A Git LFS pointer lies where the file should be.
  case gitLFSPointer(file: String)
  /// A text is not JSON.
  case malformedJSON(file: String, offset: Int, reason: String)
  /// A field is absent or is not of the expected kind.
  case invalidField(file: String, field: String, expected: String)
  /// A component, or a setting of one, that this tokenizer does not implement.
  case unsupported(file: String, field: String, found: String, supported: String)
  /// A split pattern that cannot be read, or not be matched in linear time. `position` counts its characters from 1; 0 is the whole.
  case unsupportedPattern(file: String, field: String, position: Int, reason: String)
  /// A merge names a token, or makes one, that the vocabulary lacks. `merge` counts from 0.
  case absentMergeToken(file: String, merge: Int, token: String)
  /// A merge is not a pair of tokens. `merge` counts from 0 (in a text file: lines from 1).
  case malformedMerge(file: String, merge: Int)
  /// There are more merges than ranks.
  case tooManyMerges(file: String, count: Int, limit: Int)
  /// Two tokens share an id.
  case duplicateID(file: String, id: Int, first: String, second: String)
  /// One token has two ids.
  case duplicateToken(file: String, token: String)
  /// An id that is negative or beyond what a vocabulary may hold.
  case invalidID(file: String, field: String, token: String)
  /// Byte fallback is on, `<0xNN>` tokens are missing, and there is no unknown token to stand in.
  case incompleteByteFallback(file: String, missing: String)
  /// A file of ranks has no token for a byte that occurs in UTF-8.
  case incompleteByteAlphabet(file: String, byte: UInt8)
  /// A field names a token that the vocabulary lacks.
  case absentToken(file: String, field: String, token: String)
  /// A protocol buffer breaks off or breaks its own rules.
  case malformedProtobuf(file: String, offset: Int, reason: String)
  /// A piece's score is not a number.
  case invalidScore(file: String, piece: Int, offset: Int)
  /// A line of a tiktoken file is not a base64 token and its rank. Lines count from 1.
  case malformedRank(file: String, line: Int)
}

extension TokenizerError: Diagnostic {
  /// One line: file, field, what is wrong and, where there is one, the remedy.
  public var description: String {
    switch self {
    case .noTokenizer(let directory):
      "\(directory): no tokenizer here; expected tokenizer.json, tokenizer.model, or vocab.json with merges.txt"
    case .unreadable(_, let reason, _):
      reason
    case .gitLFSPointer(let file):
      "\(file): this is a Git LFS pointer, not the file; fetch it with `git lfs pull`"
    case .malformedJSON(let file, let offset, let reason):
      "\(file): not valid JSON at byte \(offset): \(reason)"
    case .invalidField(let file, let field, let expected):
      "\(file): \(field): expected \(expected)"
    case .unsupported(let file, let field, let found, let supported):
      "\(file): \(field): \(found) is not supported; supported: \(supported)"
    case .unsupportedPattern(let file, let field, let position, let reason):
      "\(file): \(field): this pattern cannot be used: \(position > 0 ? "at character \(position): " : "")\(reason)"
    case .absentMergeToken(let file, let merge, let token):
      "\(file): merge \(merge): the vocabulary has no token \"\(token)\""
    case .malformedMerge(let file, let merge):
      "\(file): merge \(merge): expected two tokens with one space between them"
    case .tooManyMerges(let file, let count, let limit):
      "\(file): \(count) merges; at most \(limit) are supported"
    case .duplicateID(let file, let id, let first, let second):
      "\(file): id \(id) belongs to both \"\(first)\" and \"\(second)\""
    case .duplicateToken(let file, let token):
      "\(file): the token \"\(token)\" has two ids"
    case .invalidID(let file, let field, let token):
      "\(file): \(field): the id of \"\(token)\" must be an integer from 0 to \(Vocabulary.largestID)"
    case .incompleteByteFallback(let file, let missing):
      "\(file): byte fallback is on, but the vocabulary lacks \(missing) and names no unknown token"
    case .incompleteByteAlphabet(let file, let byte):
      "\(file): no token for byte \(byte), which every file of ranks has"
    case .absentToken(let file, let field, let token):
      "\(file): \(field): the vocabulary has no token \"\(token)\""
    case .malformedProtobuf(let file, let offset, let reason):
      "\(file): not a valid protocol buffer at byte \(offset): \(reason)"
    case .invalidScore(let file, let piece, let offset):
      "\(file): the score of piece \(piece) at byte \(offset) is not a number"
    case .malformedRank(let file, let line):
      "\(file): line \(line): expected a token in base64, a space, and its rank"
    }
  }

  package var failureKind: FailureKind {
    switch self {
    case .noTokenizer: .noInput
    case .unreadable(_, _, let isMissing): isMissing ? .noInput : .inputOutput
    default: .badData
    }
  }
}
