/// A regular expression over a few letters, matched by going back: what a pattern means, in as few words as possible.
///
/// It takes exponential time. It shares nothing with the matcher: it is made as a tree, and written out for the parser.
indirect enum BacktrackingPattern {
  /// A character of a set, and how the set is written.
  case set(Set<UInt8>, String)
  /// A character of the set, or the end where `atEnd`, comes next; and how that is written.
  case look(Set<UInt8>, atEnd: Bool, String)
  case sequence([BacktrackingPattern])
  case choice([BacktrackingPattern])
  case repetition(BacktrackingPattern, ClosedRange<Int>, isLazy: Bool, String)
  /// As many of a set as there are, at least the number, and none given back.
  case possessive(Set<UInt8>, String, atLeast: Int)

  static let alphabet: [UInt8] = Array("abc \n".utf8)

  var written: String {
    switch self {
    case .set(_, let text), .look(_, _, let text): text
    case .sequence(let nodes): nodes.map(\.written).joined()
    case .choice(let nodes): "(?:" + nodes.map(\.written).joined(separator: "|") + ")"
    case .repetition(let body, _, let isLazy, let text): "(?:\(body.written))\(text)\(isLazy ? "?" : "")"
    case .possessive(_, let text, let minimum): "\(text)\(minimum == 0 ? "*+" : "++")"
    }
  }

  /// The first end of a match at `i` for which `rest` finds one, too.
  private func end(_ text: [UInt8], _ i: Int, _ rest: (Int) -> Int?) -> Int? {
    switch self {
    case .set(let set, _):
      return i < text.count && set.contains(text[i]) ? rest(i + 1) : nil
    case .look(let set, let atEnd, _):
      return (i < text.count ? set.contains(text[i]) : atEnd) ? rest(i) : nil
    case .sequence(let nodes):
      guard let first = nodes.first else { return rest(i) }
      return first.end(text, i) { Self.sequence(Array(nodes.dropFirst())).end(text, $0, rest) }
    case .choice(let nodes):
      for node in nodes { if let end = node.end(text, i, rest) { return end } }
      return nil
    case .repetition(let body, let count, let isLazy, let written):
      func once() -> Int? {
        if count.upperBound == 0 { return nil }
        let fewer = max(0, count.lowerBound - 1)...(count.upperBound == .max ? .max : count.upperBound - 1)
        return body.end(text, i) { Self.repetition(body, fewer, isLazy: isLazy, written).end(text, $0, rest) }
      }
      if count.lowerBound > 0 { return once() }
      return isLazy ? rest(i) ?? once() : once() ?? rest(i)
    case .possessive(let set, _, let minimum):
      let last = text[i...].firstIndex { !set.contains($0) } ?? text.count
      return last - i >= minimum ? rest(last) : nil
    }
  }

  /// The ends of matches and of what lies between them.
  func ends(in text: [UInt8]) -> [Int] {
    var ends: [Int] = []
    var i = 0
    while i < text.count {
      if let end = end(text, i, { $0 }) {
        if (ends.last ?? 0) < i { ends.append(i) }
        ends.append(end)
        i = end
      } else {
        i += 1
      }
    }
    if (ends.last ?? 0) < text.count { ends.append(text.count) }
    return ends
  }

  /// Whether it can match nothing.
  private var isNullable: Bool {
    switch self {
    case .set: false
    case .look: true
    case .sequence(let nodes): nodes.allSatisfy(\.isNullable)
    case .choice(let nodes): nodes.contains(where: \.isNullable)
    case .repetition(let body, let count, _, _): count.lowerBound == 0 || body.isNullable
    case .possessive(_, _, let minimum): minimum == 0
    }
  }

  private static let sets: [(Set<UInt8>, String)] = [
    (Set("a".utf8), "a"), (Set("b".utf8), "b"), (Set("c".utf8), "c"), (Set("ab".utf8), "[ab]"),
    (Set("bc \n".utf8), "[^a]"), (Set(" \n".utf8), "\\s"), (Set("abc".utf8), "\\S"), (Set("abc ".utf8), "."),
    (Set("ac".utf8), "[a-c&&[^b]]"), (Set("a".utf8), "(?i:A)"), (Set("\n".utf8), "\\n"),
  ]
  private static let looks: [(Set<UInt8>, Bool, String)] = [
    (Set("bc \n".utf8), true, "(?!a)"), (Set("b".utf8), false, "(?=b)"), (Set(" \n".utf8), true, "(?!\\S)"),
    (Set("\n".utf8), true, "$"), ([], true, "\\z"), (Set("abc ".utf8), false, "(?!$)"),
    (Set("a\n".utf8), true, "(?=a|$)"),
  ]
  private static let counts: [(ClosedRange<Int>, String)] = [
    (0...Int.max, "*"), (1...Int.max, "+"), (0...1, "?"), (2...2, "{2}"), (1...3, "{1,3}"), (2...Int.max, "{2,}"),
    (0...2, "{,2}"),
  ]

  static func random(depth: Int, using generator: inout some RandomNumberGenerator) -> BacktrackingPattern {
    func several() -> [BacktrackingPattern] {
      (0..<Int.random(in: 2...3, using: &generator)).map { _ in random(depth: depth - 1, using: &generator) }
    }
    let (set, text) = sets.randomElement(using: &generator) ?? ([], "a")
    switch depth == 0 ? 0 : Int.random(in: 0..<12, using: &generator) {
    case 0, 1: return .set(set, text)
    case 2: return .possessive(set, text, atLeast: Int.random(in: 0...1, using: &generator))
    case 3:
      let (set, atEnd, text) = looks.randomElement(using: &generator) ?? ([], true, "\\z")
      return .look(set, atEnd: atEnd, text)
    case 4...6: return .sequence(several())
    case 7, 8: return .choice(several())
    default:
      let body = random(depth: depth - 1, using: &generator)
      let (count, text) = counts.randomElement(using: &generator) ?? (0...1, "?")
      // A repetition of look-ahead is refused, and so is an unbounded one of what can be empty.
      if case .look = body { return body }
      if body.isNullable && count.upperBound == .max { return body }
      // Behind {2}, a ? is another repetition.
      let isLazy = count.lowerBound != count.upperBound && Bool.random(using: &generator)
      return .repetition(body, count, isLazy: isLazy, text)
    }
  }

  /// A pattern that matches something.
  static func random(using generator: inout some RandomNumberGenerator) -> BacktrackingPattern {
    while true {
      let pattern = random(depth: 3, using: &generator)
      if !pattern.isNullable { return pattern }
    }
  }
}
