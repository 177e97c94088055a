import Support
import Transformer

/// The numbers of zeros that a search may give to the linears of a model.
///
/// The linear i has `start[i] + level · step` of them. The step is the same number of weights everywhere, so that a step from one linear
/// to another keeps the number of all zeros: it is three per cent of the weights of the median linear, the lower of two.
///
/// A method that prunes every row by itself clears whole numbers of weights a row. It is asked for the next such number wherever a linear has
/// moved, since fewer zeros would look like a better allocation.
package struct SearchLevels: Sendable, Equatable {
  /// Steps up and down from the start that a linear may go.
  package static let usualReach = 4
  /// A step as a share of the median linear.
  package static let usualShare = 0.03

  /// Weights of each linear.
  package let counts: [Int]
  /// Zeros of each linear at level 0.
  package let start: [Int]
  /// Weights of a step.
  package let step: Int
  /// Rows of each linear, where every row is pruned by itself; nil where rows compete.
  private let rows: [Int]?
  /// The levels of each linear; 0 is one of them.
  package let ranges: [ClosedRange<Int>]

  /// The levels around a start.
  ///
  /// - Parameters:
  ///   - floor: the least sparsity, kept unless the start is below it.
  ///   - ceiling: the greatest sparsity, kept unless the start is above it.
  ///   - rows: rows of each linear, where every row is pruned by itself.
  /// - Precondition: there is a linear, and every start is in 0...count.
  package init(
    counts: [Int], start: [Int], floor: Double = 0, ceiling: Double = 1, rows: [Int]? = nil, reach: Int = usualReach,
    share: Double = usualShare
  ) {
    precondition(!counts.isEmpty && counts.count == start.count, "one start a linear")
    precondition(
      zip(counts, start).allSatisfy { $0 > 0 && (0...$0).contains($1) }, "a linear cannot have so many zeros")
    self.counts = counts
    self.start = start
    self.rows = rows
    let step = max(1, Int((share * Double(counts.sorted()[(counts.count - 1) / 2])).rounded()))
    self.step = step
    ranges = counts.indices.map { index in
      let (count, start) = (counts[index], start[index])
      let least = min(start, Int((floor * Double(count)).rounded(.up)))
      let most = max(start, Int(ceiling * Double(count)))
      var above = min(reach, (most - start) / step)
      // Whole rows may be more than the ceiling.
      while above > 0, Self.whole(start + above * step, rows?[index]) > most { above -= 1 }
      return -min(reach, (start - least) / step)...above
    }
  }

  /// The next number of zeros that rows can share, each having as many; the same where rows compete.
  private static func whole(_ zeros: Int, _ rows: Int?) -> Int {
    guard let rows, rows > 0 else { return zeros }
    return (zeros + rows - 1) / rows * rows
  }

  /// The levels of the start.
  package var origin: [Int] { start.map { _ in 0 } }

  /// Zeros of a linear at a level.
  package func zeros(_ linear: Int, at level: Int) -> Int {
    level == 0 ? start[linear] : Self.whole(start[linear] + level * step, rows?[linear])
  }

  /// The sparsity that makes a pruner clear exactly `zeros` of `count` weights, whose number it takes as floor(count · sparsity).
  package static func sparsity(zeros: Int, of count: Int) -> Double {
    let sparsity = Double(zeros) / Double(count)
    return CountingRule.exact.count(count, sparsity) < zeros ? sparsity.nextUp : sparsity
  }

  /// The sparsity of a linear at a level.
  package func sparsity(_ linear: Int, at level: Int) -> Double {
    Self.sparsity(zeros: zeros(linear, at: level), of: counts[linear])
  }

  /// Moves a step from a linear to another, one to three times: the smaller of two draws.
  ///
  /// Every pair that the levels allow is equally likely. Where none is left, fewer moves are made. O(moves · linears).
  package func mutated(_ levels: [Int], by generator: inout SeededGenerator) -> [Int] {
    var levels = levels
    for _ in 0..<min(1 + generator.below(3), 1 + generator.below(3)) {
      let givers = levels.indices.filter { levels[$0] > ranges[$0].lowerBound }
      let takers = levels.indices.filter { levels[$0] < ranges[$0].upperBound }
      // Linears that may do both must not move a step to themselves.
      let both = givers.count { levels[$0] < ranges[$0].upperBound }
      let pairs = givers.count * takers.count - both
      guard pairs > 0 else { break }
      var pair: (giver: Int, taker: Int)
      repeat {
        pair = (givers[generator.below(givers.count)], takers[generator.below(takers.count)])
      } while pair.giver == pair.taker
      levels[pair.giver] -= 1
      levels[pair.taker] += 1
    }
    return levels
  }

  /// Whether so many levels are in range and keep the number of all zeros.
  package func allow(_ levels: [Int]) -> Bool {
    levels.count == ranges.count && levels.reduce(0, +) == 0 && zip(ranges, levels).allSatisfy { $0.contains($1) }
  }
}
