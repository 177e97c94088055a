/// The settings of a search for the allocation: small changes are tried one generation after the other, and kept where the model
/// stays nearer to the dense one.
///
/// Sieberling et al., "EvoPress: Accurate Dynamic Model Compression via Evolutionary Search" (2024), arXiv 2410.14649, is the
/// source of the mutation, of the fitness and of the selection in stages. It takes 64 offspring and keeps 8, 2 and 1 of them on 2,048,
/// 16,384 and 65,536 tokens, in some hundred generations; here the stages are smaller, because the start is better than a uniform one,
/// and because figures must come out on small machines.
///
///     job.allocation = .search(AllocationSearch(generations: 30))
///     job.allocation = .search(AllocationSearch(from: .uniform))
public struct AllocationSearch: Sendable {
  /// Generations where nobody says how many.
  public static let usualGenerations = 100
  /// The most generations.
  public static let generationLimit = 10_000

  /// The allocation that the first generation changes.
  public enum Start: Sendable {
    /// The same sparsity for every linear, as EvoPress starts.
    case uniform
    /// What `Allocation.shapley` gives for the same source, spread and map.
    case values(ShapleySource = .game(), spread: Spread = .usual, map: ImportanceMap = ImportanceMap())

    /// The word in records.
    public enum Name: String, CaseIterable, Sendable {
      /// From Shapley values.
      case values
      /// From uniform sparsities.
      case uniform
    }

    /// The word in records.
    public var name: Name { if case .uniform = self { .uniform } else { .values } }
  }

  /// Generations, 1...10,000.
  public var generations: Int
  /// The allocation that the first generation changes.
  public var start: Start

  /// A search; from Shapley values unless said otherwise.
  public init(generations: Int = usualGenerations, from start: Start = .values()) {
    self.generations = generations
    self.start = start
  }

  /// Changed allocations in every generation.
  static let offspring = 16

  /// How many are kept, and on how many windows of calibration text they are measured.
  ///
  /// Windows of the first stages are drawn anew in every generation; those of the last are always the same, all that there are up to
  /// this number, so that a parent need not be measured again. A shorter text has fewer. A generation thus passes 48 windows through the
  /// whole model: blocks in front of the first change are computed again, since their states would take memory for every block.
  static let stages = [
    Stage(survivors: 4, windows: 1), Stage(survivors: 1, windows: 4), Stage(survivors: 1, windows: 16),
  ]

  /// Windows that pass the model in a generation.
  static var windowsOfGeneration: Int {
    zip([offspring] + stages.map(\.survivors), stages).reduce(0) { $0 + $1.0 * $1.1.windows }
  }

  struct Stage: Sendable {
    let survivors: Int
    let windows: Int
  }

  /// The windows of the last stage, which hold those of the others.
  static var windows: Int { stages.map(\.windows).max() ?? 1 }
}

extension Allocation {
  /// The allocation that a search begins with; itself where nothing is searched.
  var start: Allocation {
    guard case .search(let search) = self else { return self }
    switch search.start {
    case .uniform: return .uniform
    case .values(let source, let spread, let map): return .shapley(source, spread: spread, map: map)
    }
  }

  /// The search; nil where the allocation needs none.
  var search: AllocationSearch? { if case .search(let search) = self { search } else { nil } }
}
