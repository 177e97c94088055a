import Support

/// The merges as files list them: pairs of spellings, in the order of their ranks.
struct MergeList {
  private let file: String
  private var pairs: [(left: [UInt8], right: [UInt8])] = []
  /// What the first merge is called in messages.
  private var firstNumber = 0

  /// The merges of `tokenizer.json`: strings with one space, or arrays of two strings.
  init(_ field: FieldReader) throws(TokenizerError) {
    file = field.source
    for (number, merge) in try field.array().enumerated() {
      if let halves = merge.array?.map(\.bytes), halves.count == 2, let left = halves[0], let right = halves[1] {
        pairs.append((left, right))
      } else {
        pairs.append(try split(merge.bytes?[...] ?? [], number: number))
      }
    }
  }

  /// The lines of `merges.txt`.
  ///
  /// Lines that start with `#version` are a heading.
  init(_ text: TokenizerFile) throws(TokenizerError) {
    file = text.path
    firstNumber = 1
    for (number, line) in text.bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      let line = line.last == 0x0D ? line.dropLast() : line
      if line.isEmpty || line.starts(with: "#version".utf8) {
        // A merge is named by its line, so a heading before it counts.
        if pairs.isEmpty { firstNumber = number + 2 }
        continue
      }
      pairs.append(try split(line, number: number + 1))
    }
  }

  private func split(_ line: ArraySlice<UInt8>, number: Int) throws(TokenizerError) -> (left: [UInt8], right: [UInt8]) {
    let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
      throw failure(number, "expected two tokens with one space between them")
    }
    return (Array(parts[0]), Array(parts[1]))
  }

  private func failure(_ number: Int, _ reason: String) -> TokenizerError {
    TokenizerError(file, field: "merge \(number)", reason: reason)
  }

  /// The merges by ids; both halves and their union must be tokens.
  func merges(_ vocabulary: Vocabulary) throws(TokenizerError) -> [Merge] {
    var merges: [Merge] = []
    merges.reserveCapacity(pairs.count)
    for (rank, (left, right)) in pairs.enumerated() {
      func id(_ token: [UInt8]) throws(TokenizerError) -> Int32 {
        guard let id = vocabulary.id(of: token) else {
          throw failure(
            rank + firstNumber, "the vocabulary has no token \"\(String(decoding: token, as: UTF8.self))\"")
        }
        return Int32(truncatingIfNeeded: id)
      }
      merges.append(
        Merge(left: try id(left), right: try id(right), result: try id(left + right), rank: Int32(clamping: rank)))
    }
    return merges
  }
}
