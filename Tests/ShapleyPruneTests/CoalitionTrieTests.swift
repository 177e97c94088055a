import ShapleyPrune
import Support
import Testing

/// The trie of coalitions against the set of their prefixes.
@Suite struct CoalitionTrieTests {
  /// Some steps of up to five players each.
  private func randomSteps(_ players: Int, using generator: inout SeededGenerator) -> [Range<Int>] {
    var steps: [Range<Int>] = []
    var first = 0
    while first < players {
      let end = min(players, first + generator.below(6))
      steps.append(first..<end)
      first = end
    }
    return steps
  }

  private func members(_ coalition: Coalition, _ step: Range<Int>) -> UInt64 {
    step.enumerated().reduce(0) { $0 + (coalition.contains($1.element) ? 1 << UInt64($1.offset) : 0) }
  }

  /// The members at every step, for each coalition; bypasses included.
  private func paths(_ coalitions: [Coalition], _ steps: [Range<Int>]) -> [[UInt64]] {
    coalitions.map { coalition in steps.map { members(coalition, $0) } }
  }

  /// The trie's edges that are not bypasses, counted as the different prefixes of paths.
  private func naiveEdgeCount(_ paths: [[UInt64]], bypassing: Bool) -> Int {
    let prefixes = paths.flatMap { path in path.indices.map { Array(path[...$0]) } }
    return Set(prefixes).count { !bypassing || $0.last != 0 }
  }

  @Test("Edges are the different prefixes, and a walk takes each once, in order", arguments: [1, 2, 5, 17, 70, 130])
  func edgesAndOrder(players: Int) {
    var generator = SeededGenerator(seed: UInt64(players))
    for count in [0, 1, 2, 7, 60] {
      let coalitions = (0..<count).map { _ in
        Coalition((0..<players).filter { _ in generator.below(4) > 0 }, of: players)
      }
      for steps in [(0..<players).map { $0..<$0 + 1 }, randomSteps(players, using: &generator)] {
        let paths = paths(coalitions, steps)
        for bypassing in [false, true] {
          let trie = CoalitionTrie(coalitions, steps: steps, bypassing: bypassing)
          #expect(trie.edgeCount == naiveEdgeCount(paths, bypassing: bypassing))

          // The state is the way that was gone: one edge a step, those of bypasses left out.
          var walked: [[CoalitionTrie.Edge]] = []
          var leaves: [[UInt64]] = []
          var arrived: [Int] = []
          trie.walk(from: [CoalitionTrie.Edge]()) { edge, path in
            path.append(edge)
            walked.append(path)
          } arrive: { indices, path in
            for index in indices {
              let own = paths[index].enumerated().map { CoalitionTrie.Edge(step: $0.offset, members: $0.element) }
              #expect(path == own.filter { !bypassing || $0.members != 0 })
            }
            arrived += indices
            if let index = indices.first { leaves.append(paths[index]) }
          }
          #expect(walked.count == trie.edgeCount)
          #expect(Set(walked).count == walked.count, "no edge is walked twice")
          #expect(arrived.sorted() == Array(coalitions.indices))
          #expect(leaves.count == Set(paths).count)
          #expect(zip(leaves, leaves.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) })
        }
      }
    }
  }

  @Test("A repeated coalition has one leaf")
  func repetitions() {
    let coalition = Coalition([0, 2], of: 3)
    let trie = CoalitionTrie([coalition, .full(3), coalition], steps: [0..<1, 1..<3], bypassing: false)
    #expect(trie.edgeCount == 3)
    var arrived: [[Int]] = []
    trie.walk(from: 0, along: { _, _ in }, arrive: { indices, _ in arrived.append(indices.sorted()) })
    #expect(arrived == [[0, 2], [1]])
  }

  @Test("A step without players, and a trie without steps")
  func emptySteps() {
    let steps = [0..<0, 0..<1, 1..<1, 1..<2]
    let coalitions = [Coalition.empty(2), .full(2)]
    #expect(CoalitionTrie(coalitions, steps: steps, bypassing: false).edgeCount == 7)
    #expect(CoalitionTrie(coalitions, steps: steps, bypassing: true).edgeCount == 2)
    var arrived = 0
    CoalitionTrie([.empty(0)], steps: [], bypassing: false)
      .walk(from: 5, along: { _, _ in Issue.record("there is no edge") }, arrive: { arrived += $0.count * $1 })
    #expect(arrived == 5)
  }

  /// Counts the copies of its elements.
  private struct CopyingState {
    final class Storage {
      let path: [Int]
      init(_ path: [Int]) { self.path = path }
    }
    var storage = Storage([])

    /// - Returns: whether the elements had to be copied.
    mutating func append(_ step: Int) -> Bool {
      let isShared = !isKnownUniquelyReferenced(&storage)
      storage = Storage(storage.path + [step])
      return isShared
    }
  }

  @Test("The last branch consumes the state: copies are made only where several ways part", arguments: [1, 3, 6])
  func lastBranchConsumes(players: Int) {
    let all = (0..<1 << players).map { mask in
      Coalition((0..<players).filter { mask >> $0 & 1 == 1 }, of: players)
    }
    let trie = CoalitionTrie(all, steps: (0..<players).map { $0..<$0 + 1 }, bypassing: false)
    var copies: [CoalitionTrie.Edge] = []
    trie.walk(from: CopyingState()) { edge, state in
      if state.append(edge.step) { copies.append(edge) }
    } arrive: { _, _ in
    }
    // Two edges leave every inner node; the first of them copies.
    #expect(copies.count == (1 << players) - 1)
    #expect(copies.allSatisfy { $0.members == 0 })
  }

  @Test("One coalition is a path along which nothing is copied")
  func pathIsNotCopied() {
    let trie = CoalitionTrie([Coalition([1, 5], of: 70)], steps: (0..<70).map { $0..<$0 + 1 }, bypassing: false)
    var copies = 0
    trie.walk(from: CopyingState()) {
      if $1.append($0.step) { copies += 1 }
    } arrive: { _, state in
      #expect(state.storage.path == Array(0..<70))
    }
    #expect(copies == 0)
  }
}
