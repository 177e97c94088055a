/// The trie of some coalitions over steps that each hold a range of players.
///
/// A path from the root to a leaf is a coalition, and its edge at one step says which of the step's players are
/// present. What is computed for an edge serves every coalition behind it: those that agree on the players of the first
/// steps.
package struct CoalitionTrie: Sendable {
  /// One step on the way to some coalitions.
  package struct Edge: Hashable, Sendable {
    package let step: Int
    /// Bit k tells whether player k of the step's range is present.
    package let members: UInt64

    package init(step: Int, members: UInt64) {
      self.step = step
      self.members = members
    }
  }

  /// The number of edges, bypasses left out: the calls that a walk makes of `along`.
  package let edgeCount: Int

  // The sorted list of the leaves, with the number of edges that each shares with the one before it.
  private let coalitions: [Coalition]
  private let steps: [Range<Int>]
  private let isBypassing: Bool
  /// The indices of the coalitions in the order of the leaves.
  private let order: [Int]
  /// Edges from the root that a leaf shares with the one before it.
  private let shared: [Int]

  /// Builds the trie of d coalitions; O(d log d) comparisons.
  ///
  /// - Parameters:
  ///   - coalitions: In any order; one that is repeated has one leaf.
  ///   - steps: The players of each step.
  ///   - bypassing: Whether an edge without members is a bypass, which costs nothing.
  ///
  /// - Precondition: the steps are consecutive ranges of at most 64 players, together those of every coalition.
  package init(_ coalitions: [Coalition], steps: [Range<Int>], bypassing: Bool) {
    var stepOfPlayer: [Int] = []
    for (step, players) in steps.enumerated() {
      precondition(players.lowerBound == stepOfPlayer.count, "the steps do not follow one another")
      stepOfPlayer += Array(repeating: step, count: players.count)
    }
    for coalition in coalitions {
      precondition(
        coalition.playerCount == stepOfPlayer.count,
        "a coalition of \(coalition.playerCount) players does not fit steps of \(stepOfPlayer.count)")
    }
    func stepApart(_ left: Int, _ right: Int) -> Int? {
      coalitions[left].firstDifference(from: coalitions[right]).map { stepOfPlayer[$0] }
    }
    let order = coalitions.indices.sorted { left, right in
      guard let step = stepApart(left, right) else { return false }
      return coalitions[left].members(of: steps[step]) < coalitions[right].members(of: steps[step])
    }
    var shared: [Int] = []
    var edgeCount = 0
    for (position, index) in order.enumerated() {
      let depth = position == 0 ? 0 : stepApart(order[position - 1], index) ?? steps.count
      shared.append(depth)
      edgeCount += steps[depth...].count { !bypassing || coalitions[index].members(of: $0) != 0 }
    }
    self.coalitions = coalitions
    self.steps = steps
    isBypassing = bypassing
    self.order = order
    self.shared = shared
    self.edgeCount = edgeCount
  }

  /// Carries a state along every edge, depth first, the edges of a node by ascending members.
  ///
  /// All edges of a node but the last take a copy of its state, and the last one takes the state itself. The states
  /// alive at a time are therefore those of the nodes at which an edge is still to be walked.
  ///
  /// - Parameters:
  ///   - state: The state at the root.
  ///   - along: Turns the state at the start of an edge into that at its end; not called for a bypass.
  ///   - arrive: Called with the state at each leaf, and with the indices of its coalition in the list of the
  ///     initialiser.
  package func walk<State>(
    from state: consuming State, along: (Edge, inout State) throws -> Void,
    arrive: (_ indices: ArraySlice<Int>, State) throws -> Void
  ) rethrows {
    if !order.isEmpty { try visit(order.indices, depth: 0, state, along, arrive) }
  }

  /// Walks the edges behind the node of the leaves in `range`, which share their first `depth` edges.
  private func visit<State>(
    _ range: Range<Int>, depth: Int, _ state: consuming State, _ along: (Edge, inout State) throws -> Void,
    _ arrive: (ArraySlice<Int>, State) throws -> Void
  ) rethrows {
    guard depth < steps.count else { return try arrive(order[range], state) }
    var start = range.lowerBound
    for end in start + 1..<range.upperBound where shared[end] == depth {
      try follow(start..<end, depth: depth, copy state, along, arrive)
      start = end
    }
    try follow(start..<range.upperBound, depth: depth, state, along, arrive)
  }

  /// Walks the edge at `depth` that the leaves in `range` share, and those behind it.
  private func follow<State>(
    _ range: Range<Int>, depth: Int, _ state: consuming State, _ along: (Edge, inout State) throws -> Void,
    _ arrive: (ArraySlice<Int>, State) throws -> Void
  ) rethrows {
    let members = coalitions[order[range.lowerBound]].members(of: steps[depth])
    if !isBypassing || members != 0 { try along(Edge(step: depth, members: members), &state) }
    try visit(range, depth: depth + 1, state, along, arrive)
  }
}
