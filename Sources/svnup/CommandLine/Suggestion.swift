/// What may have been meant by a name that does not exist.
package enum Suggestion {
  /// The nearest of the names, the first of equals; nil where none is near.
  ///
  /// Near is one edit for every three characters, or the beginning, three characters at least, of exactly one name.
  package static func nearest(to text: String, among names: [String]) -> String? {
    // No name is longer than this; it bounds the work for a text of any length.
    guard text.utf8.count <= 64 else { return nil }
    let distances = names.map { (name: $0, edits: distance(text, $0)) }
    if let best = distances.min(by: { $0.edits < $1.edits }),
      best.edits <= (max(text.count, best.name.count) + 1) / 3
    {
      return best.name
    }
    let completions = names.filter { $0.hasPrefix(text) }
    return text.count >= 3 && completions.count == 1 ? completions[0] : nil
  }

  /// The question that ends a message about a name that does not exist; nil where no name is near.
  static func question(for text: String, among names: [String], prefix: String = "") -> String? {
    nearest(to: text, among: names).map { ", did you mean \(prefix)\($0)?" }
  }

  /// The Damerau-Levenshtein distance in its restricted form, optimal string alignment; O(m·n).
  package static func distance(_ first: String, _ second: String) -> Int {
    let (a, b) = (Array(first), Array(second))
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        var edits = min(row[j] + 1, last[j + 1] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { edits = min(edits, beforeLast[j - 1] + 1) }
        row.append(edits)
      }
      (beforeLast, last) = (last, row)
    }
    return last[b.count]
  }
}
