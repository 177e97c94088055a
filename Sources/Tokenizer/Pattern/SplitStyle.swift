/// What becomes of the matches of a split pattern, and of the gaps between them.
struct SplitStyle: Sendable {
  /// By the names that tokenizer files have for them.
  enum Behavior: String, CaseIterable, Sendable {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    case contiguous = "Contiguous"
  }

  static let isolated = SplitStyle(behavior: .isolated)
  static let removed = SplitStyle(behavior: .removed)

  var behavior: Behavior
  /// Whether gaps are treated as matches, and matches as gaps.
  var isInverted = false

  /// What the ends of matches and of gaps are marked with, by exclusive or: -1 makes `~end` of an end.
  ///
  /// Marked is what is to be removed, or what counts as a match when it is decided which pieces are one.
  var marks: (match: Int, gap: Int) {
    if behavior == .isolated { return (0, 0) }
    return isInverted ? (0, -1) : (-1, 0)
  }

  private var merges: Bool { behavior != .isolated && behavior != .removed }

  /// Whether a piece ends between two that are marked so.
  private func separates(_ left: Bool, _ right: Bool) -> Bool {
    switch behavior {
    case .removed, .isolated: true
    case .mergedWithPrevious: left || !right
    case .mergedWithNext: !left || right
    case .contiguous: left != right
    }
  }

  /// Joins the pieces from `first` on that belong together, and takes their marks away.
  func merge(_ ends: inout [Int], from first: Int) {
    guard merges else { return }
    var count = first
    for i in first..<ends.count {
      if i + 1 < ends.count, !separates(ends[i] < 0, ends[i + 1] < 0) { continue }
      ends[count] = ends[i] < 0 ? ~ends[i] : ends[i]
      count += 1
    }
    ends.removeLast(ends.count - count)
  }

  /// What is left of an effect on matches and gaps; nil of `isMatched` is a side that may be either.
  func effect(_ effect: CutTable.Effect, isMatched left: Bool?, _ right: Bool?) -> CutTable.Effect {
    guard merges, effect == .nothing else { return effect }
    let lefts = left.map { [$0 != isInverted] } ?? [false, true]
    let rights = right.map { [$0 != isInverted] } ?? [false, true]
    return lefts.allSatisfy { left in rights.allSatisfy { separates(left, $0) } } ? .nothing : .divides
  }
}
