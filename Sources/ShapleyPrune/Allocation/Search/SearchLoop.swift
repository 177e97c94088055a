import Support

/// An allocation that a search has come to.
package struct SearchState: Equatable, Sendable {
  /// The level of every linear.
  package var levels: [Int]
  /// The mean divergence from the dense model, on the windows of the last stage.
  package var fitness: Double

  /// A state; a fitness that is not a number becomes infinite, so that anything else is better.
  package init(levels: [Int], fitness: Double) {
    self.levels = levels
    self.fitness = fitness.isNaN ? .infinity : fitness
  }
}

/// The generations of a search: a parent, its changed copies, and the choice among them in stages.
///
/// A fitness is a distance: the least is the best, and one that is not a number is worse than any other.
package struct SearchLoop: Sendable {
  private let levels: SearchLevels
  private let seed: UInt64
  /// Windows that there are.
  private let windows: Int

  /// A loop on so many windows.
  ///
  /// - Precondition: `windows > 0`.
  package init(_ levels: SearchLevels, windows: Int, seed: UInt64) {
    (self.levels, self.windows, self.seed) = (levels, windows, seed)
  }

  /// The windows of the last stage, on which parents are measured.
  package var allWindows: [Int] { Array(0..<windows) }

  /// One generation: the best of the offspring where it is better than the parent, else the parent.
  ///
  /// What is drawn follows from the seed and the number of the generation alone, so that a search can go on from any of them.
  /// Throws what `fitness` throws.
  ///
  /// - Parameter fitness: of these levels, on these windows.
  package func next(
    after parent: SearchState, generation: Int, fitness: (_ levels: [Int], _ windows: [Int]) throws -> Double
  ) throws -> SearchState {
    var generator = SeededGenerator(seed: seed &+ UInt64(generation) &* 0xD1B5_4A32_D192_ED03)
    var candidates: [[Int]] = []
    for _ in 0..<AllocationSearch.offspring {
      let levels = levels.mutated(parent.levels, by: &generator)
      // Moves can cancel one another, and two draws can be alike.
      if levels != parent.levels, !candidates.contains(levels) { candidates.append(levels) }
    }
    var best = parent
    for (index, stage) in AllocationSearch.stages.enumerated() {
      let isLast = index + 1 == AllocationSearch.stages.count
      let drawn = isLast ? allWindows : draw(stage.windows, by: &generator)
      // Nobody is left out of so few.
      if !isLast, candidates.count <= stage.survivors { continue }
      let measured = try candidates.map { levels in
        SearchState(levels: levels, fitness: try fitness(levels, drawn))
      }
      if isLast {
        for candidate in measured where candidate.fitness < best.fitness { best = candidate }
      } else {
        // The earlier of two that are equal, by their order.
        let order = measured.indices.sorted {
          (measured[$0].fitness, $0) < (measured[$1].fitness, $1)
        }
        candidates = order.prefix(stage.survivors).map { measured[$0].levels }
      }
    }
    return best
  }

  /// So many different windows, ascending.
  private func draw(_ count: Int, by generator: inout SeededGenerator) -> [Int] {
    var left = allWindows
    return (0..<min(count, windows)).map { _ in left.remove(at: generator.below(left.count)) }.sorted()
  }
}
