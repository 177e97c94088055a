/// A split pattern as a tree.
indirect enum PatternNode: Sendable {
  /// One character of a set.
  case set(ScalarSet)
  /// Nothing, before a character of a set or, where `atEnd`, before the end of the text.
  case look(ScalarSet, atEnd: Bool)
  /// One after the other; empty for nothing at all.
  case sequence([PatternNode])
  /// The first that leads to a match.
  case choice([PatternNode])
  /// As many as possible, or as few, at least `minimum`; nil is no upper bound.
  case repetition(PatternNode, minimum: Int, maximum: Int?, isLazy: Bool)

  static let nothing = PatternNode.sequence([])

  /// As many characters of a set as there are.
  static func run(of set: ScalarSet) -> PatternNode {
    .repetition(.set(set), minimum: 1, maximum: nil, isLazy: false)
  }

  /// A text as it stands.
  static func text(_ bytes: [UInt8]) -> PatternNode {
    .sequence(String(decoding: bytes, as: UTF8.self).unicodeScalars.map { .set(ScalarSet($0.value)) })
  }

  /// Whether it can match nothing.
  var isNullable: Bool {
    switch self {
    case .set: false
    case .look: true
    case .sequence(let nodes): nodes.allSatisfy(\.isNullable)
    case .choice(let nodes): nodes.contains(where: \.isNullable)
    case .repetition(let body, let minimum, _, _): minimum == 0 || body.isNullable
    }
  }

  /// The least number of characters that it matches.
  var minimumLength: Int {
    switch self {
    case .set: 1
    case .look: 0
    case .sequence(let nodes): nodes.reduce(0) { $0 + $1.minimumLength }
    case .choice(let nodes): nodes.map(\.minimumLength).min() ?? 0
    case .repetition(let body, let minimum, _, _): minimum * body.minimumLength
    }
  }

  /// The same where no way back into it is open: nil where that takes more than one character of look-ahead.
  ///
  /// A run that must go on wherever it can is a greedy one that ends before another character.
  var atomic: PatternNode? {
    switch self {
    case .set, .look:
      return self
    case .sequence(let nodes):
      return nodes.count == 1 ? nodes[0].atomic : nodes.isEmpty ? self : nil
    case .repetition(.set(let set), let minimum, let maximum, isLazy: false):
      let stop = PatternNode.look(set.complement, atEnd: true)
      if maximum == nil { return .sequence([self, stop]) }
      if maximum == minimum { return self }
      return minimum == 0 && maximum == 1 ? .choice([.set(set), stop]) : nil
    default:
      return nil
    }
  }

  /// As the inside of a look-ahead: the characters that may follow, and whether the end may; nil where it asks for more.
  var lookedFor: (set: ScalarSet, atEnd: Bool)? {
    switch self {
    case .set(let set):
      return (set, false)
    case .look(let set, let atEnd):
      return (set, atEnd)
    case .sequence(let nodes):
      return nodes.count == 1 ? nodes[0].lookedFor : nil
    case .choice(let nodes):
      var all = (set: ScalarSet.empty, atEnd: false)
      for node in nodes {
        guard let one = node.lookedFor else { return nil }
        all = (all.set.union(one.set), all.atEnd || one.atEnd)
      }
      return all
    case .repetition:
      return nil
    }
  }
}
