import Support

/// The merges as files list them: pairs of spellings, in the order of their ranks.
struct MergeList {
  let file: String
  var pairs: [(left: [UInt8], right: [UInt8])] = []
  /// What the first merge is called in messages.
  var firstNumber = 0

  /// The merges of `tokenizer.json`: strings with one space, or arrays of two strings.
  init(_ field: JSONField) throws(TokenizerError) {
    file = field.file
    guard let merges = field.value.array else { throw field.expected("an array, found \(field.value.kind)") }
    pairs.reserveCapacity(merges.count)
    for (number, merge) in merges.enumerated() {
      switch merge {
      case .string(let line):
        pairs.append(try split(line[...], number: number))
      case .array(let elements):
        guard elements.count == 2, let left = elements[0].bytes, let right = elements[1].bytes else { fallthrough }
        pairs.append((left, right))
      default:
        throw .malformedMerge(file: file, merge: number)
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
      throw .malformedMerge(file: file, merge: number)
    }
    return (Array(parts[0]), Array(parts[1]))
  }

  /// The merges by ids.
  ///
  /// Both halves and their union must be tokens; of a pair listed twice the later rank counts.
  func table(_ vocabulary: Vocabulary) throws(TokenizerError) -> (table: MergeTable, merges: [Merge]) {
    guard pairs.count <= MergeTable.rankLimit else {
      throw .tooManyMerges(file: file, count: pairs.count, limit: MergeTable.rankLimit)
    }
    var table = MergeTable(capacity: pairs.count)
    var merges: [Merge] = []
    merges.reserveCapacity(pairs.count)
    for (rank, (left, right)) in pairs.enumerated() {
      func id(_ token: [UInt8]) throws(TokenizerError) -> Int32 {
        guard let id = vocabulary.id(of: token) else {
          throw .absentMergeToken(file: file, merge: rank + firstNumber, token: TokenizerFile.text(token))
        }
        return Int32(truncatingIfNeeded: id)
      }
      let merge = Merge(left: try id(left), right: try id(right), result: try id(left + right))
      table.add(merge.left, merge.right, rank: rank, result: merge.result)
      merges.append(merge)
    }
    return (table, merges)
  }
}

/// Two symbols and the one they become.
struct Merge: Sendable {
  var left: Int32
  var right: Int32
  var result: Int32
}
