extension String {
  /// What is between the occurrences of a part, from the left and without overlaps: one piece more than there are occurrences.
  ///
  /// Bytes are compared, so that no letter merges with an accent behind it. The language's own search by texts is not used anywhere:
  /// one call of it links the library of regular expressions, which would be a twelfth of the whole program.
  /// O(count of bytes × length of the part) at worst; an empty part occurs nowhere.
  package func pieces(between part: String) -> [String] {
    let (bytes, pattern) = (Array(utf8), Array(part.utf8))
    guard let first = pattern.first else { return [self] }
    var (pieces, start, position): ([String], Int, Int) = ([], 0, 0)
    while position + pattern.count <= bytes.count {
      if bytes[position] == first, bytes[position...].starts(with: pattern) {
        pieces.append(String(decoding: bytes[start..<position], as: UTF8.self))
        position += pattern.count
        start = position
      } else {
        position += 1
      }
    }
    return pieces + [String(decoding: bytes[start...], as: UTF8.self)]
  }
}

extension String {
  /// The text in small letters as Python writes it: a capital sigma at the end of a word becomes ς.
  package var lowercasedInContext: String {
    let scalars = Array(unicodeScalars)
    var result = String.UnicodeScalarView()
    for (index, scalar) in scalars.enumerated() {
      guard scalar == "Σ" else {
        result.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
        continue
      }
      let before = scalars[..<index].last { !$0.properties.isCaseIgnorable }
      let behind = scalars[(index + 1)...].first { !$0.properties.isCaseIgnorable }
      let isEnd = before?.properties.isCased == true && behind?.properties.isCased != true
      result.append(isEnd ? "ς" : "σ")
    }
    return String(result)
  }
}
