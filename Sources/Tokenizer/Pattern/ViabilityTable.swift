/// A deterministic automaton that reads a text from its end, and tells from where in a pattern a match can be completed.
///
/// Its states are sets of places, all made beforehand, so that a text takes one look-up for each byte, whatever it is.
/// (Frisch and Cardelli, "Greedy Regular Expression Matching", 2004.)
struct ViabilityTable: Sendable {
  static let stateLimit = 4096
  /// Words of sets of places that making the table may touch.
  private static let workLimit = 30_000_000

  /// The state at the end of a text is the first.
  static let end: UInt16 = 0

  /// The state before a byte: by the state after it and the byte's class.
  private(set) var next: [UInt16] = []
  /// The places of each state, as bits.
  private(set) var places: [UInt64] = []
  /// Words that the places of a state take.
  let wordCount: Int

  init(_ graph: PatternGraph) throws(PatternError) {
    let wordCount = (graph.count + 63) / 64
    self.wordCount = wordCount
    let empty = [UInt64](repeating: 0, count: wordCount)
    let sources = Sources(graph, wordCount)
    var known: [[UInt64]: UInt16] = [:]
    var states: [[UInt64]] = []
    var work = 0

    func state(_ set: [UInt64]) throws(PatternError) -> UInt16 {
      if let old = known[set] { return old }
      guard states.count < Self.stateLimit else { throw .tooManyStates }
      let new = UInt16(states.count)
      known[set] = new
      states.append(set)
      return new
    }

    _ = try state(sources.ofMatch(graph.end) ?? empty)
    var i = 0
    while i < states.count {
      let current = states[i]
      for kind in 0..<graph.kindCount {
        if kind == graph.continuation {
          next.append(UInt16(i))
          continue
        }
        var set = sources.ofMatch(kind) ?? empty
        for (target, places) in sources.ofTargets(kind) where current[target / 64] >> UInt64(target % 64) & 1 == 1 {
          for word in 0..<wordCount { set[word] |= places[word] }
          work += wordCount
        }
        work += 1 + wordCount
        guard work <= Self.workLimit else { throw .tooManyStates }
        next.append(try state(set))
      }
      i += 1
    }
    places = Array(states.joined())
  }

  /// Whether a match can be completed from a place before every text that begins with a class of `kindCount`.
  func isAlways(_ place: Int, viableBefore kind: Int, of kindCount: Int) -> Bool {
    stride(from: kind, to: next.count, by: kindCount).allSatisfy { cell in
      places[Int(next[cell]) * wordCount + place / 64] >> UInt64(place % 64) & 1 == 1
    }
  }

  /// The places from which there is a way, by class and target.
  private struct Sources {
    private var matches: [[UInt64]?]
    private var targets: [[(target: Int, places: [UInt64])]]

    init(_ graph: PatternGraph, _ wordCount: Int) {
      matches = Array(repeating: nil, count: graph.kindCount)
      targets = Array(repeating: [], count: graph.kindCount)
      let empty = [UInt64](repeating: 0, count: wordCount)
      for kind in 0..<graph.kindCount where kind != graph.continuation {
        var byTarget: [Int16: [UInt64]] = [:]
        for place in 0..<graph.count {
          for target in graph.ways(from: place, before: kind) {
            byTarget[target, default: empty][place / 64] |= 1 << UInt64(place % 64)
          }
        }
        matches[kind] = byTarget.removeValue(forKey: PatternGraph.match)
        targets[kind] = byTarget.sorted { $0.key < $1.key }.map { (Int($0.key), $0.value) }
      }
    }

    func ofMatch(_ kind: Int) -> [UInt64]? { matches[kind] }
    func ofTargets(_ kind: Int) -> [(target: Int, places: [UInt64])] { targets[kind] }
  }
}

extension PatternError {
  static let tooManyStates = PatternError(
    position: 0, reason: "the pattern needs too many states to be matched in linear time")
}
