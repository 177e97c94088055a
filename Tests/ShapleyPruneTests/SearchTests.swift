import ShapleyPrune
import Support
import Tensor
import TestSupport
import Testing
import Transformer

/// The parts of a search for an allocation, each by itself.
@Suite struct SearchTests {
  /// Linears of unlike sizes, some of which cannot go down or up.
  private func randomLevels(_ generator: inout SeededGenerator) -> SearchLevels {
    let counts = (0..<2 + generator.below(9)).map { _ in 40 + generator.below(400) }
    let start = counts.map { count in
      switch generator.below(5) {
      case 0: 0
      case 1: count
      default: generator.below(count + 1)
      }
    }
    let floor = Double(generator.below(5)) / 10
    return SearchLevels(counts: counts, start: start, floor: floor, ceiling: floor + 0.5)
  }

  @Test("Levels hold the start, stay within the bounds and are the same number of weights apart")
  func levels() {
    let levels = SearchLevels(
      counts: [1000, 1000, 4000, 200], start: [700, 950, 3950, 1], floor: 0.5, ceiling: 0.95, reach: 4, share: 0.03)
    #expect(levels.step == 30)
    // 0.95 holds for those that begin below it; who begins above it, or below the floor, stays there or goes towards it.
    #expect(levels.ranges == [-4...4, -4...0, -4...0, 0...4])
    #expect(levels.zeros(0, at: -4) == 580)
    #expect(levels.origin == [0, 0, 0, 0])
    // The lower of two medians, and at least one weight.
    #expect(SearchLevels(counts: [3, 5], start: [1, 1]).step == 1)
  }

  @Test("Where every row is pruned by itself, a linear that moves has whole numbers a row, and none is lost")
  func wholeRows() {
    // Rows of 10 and of 25 weights; a step is 30.
    let levels = SearchLevels(counts: [1000, 1000], start: [505, 512], rows: [100, 40], share: 0.03)
    #expect(levels.step == 30)
    #expect((-4...4).map { levels.zeros(0, at: $0) } == [400, 500, 500, 500, 505, 600, 600, 600, 700])
    #expect((-1...1).map { levels.zeros(1, at: $0) } == [520, 512, 560])
    // 535 would be below the ceiling, 600 is not.
    let bounded = SearchLevels(counts: [1000, 1000], start: [505, 512], ceiling: 0.55, rows: [100, 40], share: 0.03)
    #expect(bounded.ranges == [-4...0, -4...0])
    #expect(
      SearchLevels(counts: [1000, 1000], start: [505, 512], ceiling: 0.6, rows: [100, 40]).ranges == [-4...3, -4...2])
    for level in -4...4 where level != 0 {
      #expect(levels.zeros(0, at: level) >= 505 + 30 * level)
      #expect(levels.sparsity(0, at: level) == Double(levels.zeros(0, at: level)) / 1000)
    }
  }

  @Test("The best spread has the lowest perplexity; what is no number is worse than any")
  func bestSpread() throws {
    func best(_ perplexities: [Double?]) throws -> Double {
      SpreadSearch.best(
        try perplexities.enumerated().map { index, perplexity in
          try SpreadSearch.Try(
            FieldReader(
              ["spread": JSON(Double(index)), "perplexity": perplexity.map { JSON($0) } ?? .null], source: "t"))
        })
    }
    #expect(try best([3, 2, 2]) == 1)
    #expect(try best([nil, 9, 10]) == 1)
    #expect(try best([nil, nil]) == 0)
  }

  @Test("A linear's sparsity makes pruners clear exactly its number of zeros")
  func exactCounts() {
    for count in [1, 3, 7, 49, 110, 16384, 44032, 4096 * 11008] {
      let numbers = count < 50000 ? Array(0...count) : [0, 1, count / 3, count / 2 + 1, count - 1, count]
      for zeros in numbers {
        let sparsity = SearchLevels.sparsity(zeros: zeros, of: count)
        #expect(sparsity <= 1)
        #expect(CountingRule.exact.count(count, sparsity) == zeros)
      }
    }
  }

  @Test("Moves keep the number of all zeros to the weight, stay in range, and change at most three pairs of linears")
  func moves() {
    var generator = SeededGenerator(seed: 1)
    var moved = 0
    for _ in 0..<300 {
      let levels = randomLevels(&generator)
      let total = levels.start.reduce(0, +)
      var chosen = levels.origin
      for _ in 0..<20 {
        let next = levels.mutated(chosen, by: &generator)
        #expect(levels.allow(next))
        let zeros = next.indices.map { levels.zeros($0, at: next[$0]) }
        #expect(zeros.reduce(0, +) == total)
        #expect(zip(zeros, levels.counts).allSatisfy { (0...$1).contains($0) })
        let distance = zip(next, chosen).reduce(0) { $0 + abs($1.0 - $1.1) }
        #expect(distance <= 6 && distance % 2 == 0)
        if distance > 0 { moved += 1 }
        chosen = next
      }
    }
    #expect(moved > 3000)
  }

  @Test("Where no step can be moved, nothing is")
  func stuck() {
    var generator = SeededGenerator(seed: 1)
    for start in [[0, 0, 0], [100, 100, 100], [0, 0, 1]] {
      let levels = SearchLevels(counts: [100, 100, 100], start: start)
      #expect(levels.mutated(levels.origin, by: &generator) == levels.origin)
    }
    // One gives, one takes, and neither can do both.
    let two = SearchLevels(counts: [100, 100], start: [0, 100])
    #expect(two.mutated([0, 0], by: &generator).reduce(0, +) == 0)
  }

  @Test("What is not a level of its linear, or adds zeros, is not allowed")
  func refusedLevels() {
    let levels = SearchLevels(counts: [100, 100], start: [50, 50], reach: 2)
    #expect(levels.allow([2, -2]))
    for wrong in [[3, -3], [1, 0], [0], [0, 0, 0]] { #expect(!levels.allow(wrong)) }
  }

  // MARK: Loop

  @Test("A search finds the optimum of a fitness that has one", arguments: 0..<4 as Range<UInt64>)
  func optimum(seed: UInt64) throws {
    let levels = SearchLevels(counts: [Int](repeating: 1000, count: 12), start: [Int](repeating: 500, count: 12))
    let wanted = [3, -3, 2, -2, 1, -1, 0, 0, 4, -4, 2, -2]
    let loop = SearchLoop(levels, windows: 3, seed: seed)
    func distance(_ levels: [Int]) -> Double {
      zip(levels, wanted).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
    }
    var state = SearchState(levels: levels.origin, fitness: distance(levels.origin))
    for generation in 1...200 {
      state = try loop.next(after: state, generation: generation) { levels, _ in distance(levels) }
    }
    #expect(state == SearchState(levels: wanted, fitness: 0))
  }

  @Test("A parent is never replaced by one that is worse, equal or not a number")
  func neverWorse() throws {
    let levels = SearchLevels(counts: [Int](repeating: 1000, count: 6), start: [Int](repeating: 500, count: 6))
    let loop = SearchLoop(levels, windows: 20, seed: 3)
    var noise = SeededGenerator(seed: 9)
    var state = SearchState(levels: levels.origin, fitness: 0.5)
    var accepted = 0
    for generation in 1...300 {
      var last: [[Int]: Double] = [:]
      let next = try loop.next(after: state, generation: generation) { levels, windows in
        let fitness = noise.below(4) == 0 ? .nan : Double(noise.below(1000)) / 1000
        if windows.count == 20 { last[levels] = fitness }
        return fitness
      }
      #expect(last.count == 1)
      if next.levels == state.levels {
        #expect(next == state)
      } else {
        accepted += 1
        #expect(next.fitness < state.fitness && last[next.levels] == next.fitness)
      }
      state = next
    }
    #expect(accepted > 0)
    // Ties go to the parent.
    for generation in 1...20 {
      #expect(try loop.next(after: state, generation: generation) { _, _ in state.fitness } == state)
    }
    // A start that overflows is left for anything that does not.
    let overflowing = SearchState(levels: levels.origin, fitness: .nan)
    #expect(try loop.next(after: overflowing, generation: 1) { _, _ in 3 }.fitness == 3)
  }

  @Test(
    "Stages: sixteen changed copies at most on one window, four on four, one on all; a short text has fewer windows")
  func stages() throws {
    let levels = SearchLevels(counts: [Int](repeating: 1000, count: 40), start: [Int](repeating: 500, count: 40))
    for (windows, wanted) in [(40, [1: 16, 4: 4, 40: 1]), (2, [1: 16, 2: 5]), (1, [1: 21])] {
      let loop = SearchLoop(levels, windows: windows, seed: 1)
      var calls: [Int: Int] = [:]
      var seen: Set<[Int]> = []
      _ = try loop.next(after: SearchState(levels: levels.origin, fitness: 1), generation: 1) { levels, windows in
        calls[windows.count, default: 0] += 1
        #expect(windows == windows.sorted() && Set(windows).count == windows.count)
        seen.insert(levels)
        return Double(seen.count)
      }
      #expect(calls == wanted)
      #expect(!seen.contains(levels.origin))
    }
  }

  // MARK: Divergence

  /// The divergence by the formula in Double, from logits of both models.
  private func divergence(_ dense: [Float], _ other: [Float], kept: Int) -> Double {
    func logProbabilities(_ logits: [Float]) -> [Double] {
      let largest = Double(logits.max() ?? 0)
      let sum = logits.reduce(0) { $0 + Math.exp(Double($1) - largest) }
      return logits.map { Double($0) - largest - Math.log(sum) }
    }
    let (p, q) = (logProbabilities(dense), logProbabilities(other))
    let order = dense.indices.sorted { (dense[$1], $0) < (dense[$0], $1) }
    let own = order.prefix(kept).reduce(0) { $0 + Math.exp(p[$1]) * (p[$1] - q[$1]) }
    let others = order.dropFirst(kept)
    guard !others.isEmpty else { return own }
    let (rest, otherRest) = (others.reduce(0) { $0 + Math.exp(p[$1]) }, others.reduce(0) { $0 + Math.exp(q[$1]) })
    return own + rest * Math.log(rest / otherRest)
  }

  @Test(
    "The divergence is the formula's, over the whole vocabulary and with all but the likeliest tokens put together",
    arguments: ["llama3-gqa", "opt-350m"], [Int.max, 100, 7, 1])
  func divergences(name: String, limit: Int) throws {
    let model = try TinyModels.load(name)
    let size = model.vocabularySize
    // More tokens than are compared at a time.
    let windows = randomTokens(5, 60, below: size)
    let dense = try DenseDistribution(of: model, on: windows, limit: limit)
    var pruned = model
    _ = try ModelPruner(.magnitude).prune(
      &pruned, patterns: model.blocks.map { _ in .unstructured(0.6) }, calibration: windows)
    for indices in [[0, 1, 2, 3, 4], [1, 3], [4]] {
      let tokens = TokenBatch(tokens: indices.flatMap { windows[sequences: $0..<$0 + 1].tokens }, length: 60)
      let (before, after) = (model.hiddenStates(tokens), pruned.hiddenStates(tokens))
      let (x, y) = (model.logits(before).elements, model.logits(after).elements)
      let wanted = (0..<tokens.tokens.count).reduce(0.0) { sum, row in
        let range = row * size..<(row + 1) * size
        return sum + divergence(Array(x[range]), Array(y[range]), kept: min(limit, size))
      }
      let found = dense.divergence(of: model, after, windows: indices)
      #expect(wanted > 0)
      // Probabilities are kept as Float: 2^-24 of each times its logarithm, and logits that differ by rounding where rows are few.
      #expect(abs(found - wanted) < 1e-5 * Double(tokens.tokens.count), "\(found), \(wanted)")
      let own = dense.divergence(of: model, before, windows: indices)
      #expect(abs(own) < 1e-6 * Double(tokens.tokens.count), "\(own)")
    }
  }

  // MARK: Journal

  @Test("A journal that is cut anywhere gives the generations of its whole lines")
  func cutJournal() throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "run.search")
      let entries = [
        SearchJournal.Entry(levels: nil, fitness: 0.34), .init(levels: [1, -1, 0], fitness: 0.31),
        .init(levels: nil, fitness: 0.31), .init(levels: [2, -1, -1], fitness: .infinity),
      ]
      do {
        let journal = try SearchJournal(path, identity: "plan")
        for entry in entries { try journal.enter(entry) }
        #expect(journal.entries == entries)
      }
      let bytes = try File.contents(of: path)
      for length in 0...bytes.count {
        let (found, kept) = try SearchJournal.parse(Array(bytes[..<length]), identity: "plan", source: path)
        // The header is no generation.
        let lines = bytes[..<length].count { $0 == UInt8(ascii: "\n") }
        #expect(found == Array(entries.prefix(max(0, lines - 1))))
        #expect(kept == 0 || bytes[kept - 1] == UInt8(ascii: "\n"))
      }
      try File.replace(path, with: Array(bytes.dropLast(3)))
      #expect(try SearchJournal(path, identity: "plan").entries == Array(entries.dropLast()))
      #expect(throws: JournalError.otherRun(path)) { try SearchJournal(path, identity: "another") }
    }
  }

  @Test("A wrong byte before the last line is told with its line; in the last line, the line is left out")
  func damagedJournal() throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "run.search")
      do {
        let journal = try SearchJournal(path, identity: "plan")
        for _ in 0..<3 { try journal.enter(SearchJournal.Entry(levels: [1, -1], fitness: 0.25)) }
      }
      let bytes = try File.contents(of: path)
      let starts = [0] + bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") }.map { $0 + 1 }
      for index in starts[1]..<bytes.count - 1 {
        var wrong = bytes
        wrong[index] ^= 1
        // A line feed in the middle makes two lines of one.
        guard wrong[index] != UInt8(ascii: "\n"), bytes[index] != UInt8(ascii: "\n") else { continue }
        if index >= starts[3] {
          #expect(try SearchJournal.parse(wrong, identity: "plan", source: path).entries.count == 2)
        } else {
          #expect(throws: JournalError.self) { try SearchJournal.parse(wrong, identity: "plan", source: path) }
        }
      }
    }
  }
}
