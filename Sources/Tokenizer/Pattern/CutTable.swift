/// What is known about a cut between two characters, whatever stands before and after them.
struct CutTable: Sendable {
  enum Effect: UInt8, Sendable {
    /// A cut may change how the text to the left or right is split.
    case unknown
    /// A cut divides the piece that it is in, and changes nothing else.
    case divides
    /// A piece ends here with or without a cut.
    case nothing
  }

  private let kindCount: Int
  private var effects: [Effect]
  /// Whether characters of each class are always in a match, or never; nil where that depends on the text.
  private let areMatched: [Bool?]

  init(_ graph: PatternGraph, _ table: ViabilityTable) {
    let kinds = 0..<graph.classes.count
    kindCount = kinds.count
    effects = Array(repeating: .unknown, count: kinds.count * kinds.count)
    // The places behind a character of each class.
    var places = Array(repeating: Set<Int16>(), count: kinds.count)
    for kind in kinds {
      for place in 0..<graph.count { places[kind].formUnion(graph.ways(from: place, before: kind)) }
      places[kind].remove(PatternGraph.match)
    }
    // Where a match can begin whatever follows, the character is never outside a match.
    let isAlwaysMatched = kinds.map { kind in table.isAlways(0, viableBefore: kind, of: graph.kindCount) }
    areMatched = kinds.map { isAlwaysMatched[$0] ? true : places[$0].isEmpty ? false : nil }
    for left in kinds {
      for right in kinds {
        // No match goes on across the cut, and one ends before it where it would end before the end of the text.
        let isLoose = places[left].allSatisfy { place in
          let ways = graph.ways(from: Int(place), before: right)
          return !ways.contains { $0 != PatternGraph.match }
            && ways.isEmpty == graph.ways(from: Int(place), before: graph.end).isEmpty
        }
        guard isLoose else { continue }
        effects[left * kinds.count + right] = isAlwaysMatched[left] || isAlwaysMatched[right] ? .nothing : .divides
      }
    }
  }

  func effect(_ left: UInt8, _ right: UInt8, _ style: SplitStyle) -> Effect {
    style.effect(
      effects[Int(left) * kindCount + Int(right)], isMatched: areMatched[Int(left)], areMatched[Int(right)])
  }
}
