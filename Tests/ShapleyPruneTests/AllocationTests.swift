import ShapleyPrune
import Support
import TestSupport
import Testing

@Suite struct AllocationTests {
  private func mean(_ sparsities: [Double], _ parameters: [Int]) -> Double {
    zip(sparsities, parameters).reduce(0) { $0 + $1.0 * Double($1.1) } / Double(parameters.reduce(0, +))
  }

  @Test("Without clamping the sparsities are those of the formula")
  func formula() throws {
    let allocation = try SparsityAllocation.proportional(
      importances: [2, 1, 3], parameters: [1, 1, 2], target: 0.5, spread: 0.1, scaling: .linear)
    // z = 0.5, 0, 1 with weighted mean 0.625.
    #expect(distance(allocation.sparsities, [0.525, 0.625, 0.425]) < 1e-15)
  }

  @Test("The weighted mean is the target to 1e-9, bounds hold and order is kept, for random inputs", arguments: 0..<300)
  func exactMean(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    let blocks = 1 + generator.below(40)
    let importances = (0..<blocks).map { _ -> Double in
      let value = generator.normal()
      return generator.below(4) == 0 ? value * 1000 : generator.below(5) == 0 ? 0 : value
    }
    let parameters = (0..<blocks).map { _ in 1 + generator.below(generator.below(2) == 0 ? 10 : 1_000_000_000) }
    let floor = generator.below(2) == 0 ? 0 : generator.unit() * 0.5
    let ceiling = generator.below(2) == 0 ? 1 : floor + generator.unit() * (1 - floor)
    let target = floor + generator.unit() * (ceiling - floor)
    // Logarithms need a positive importance.
    let scalings: [ImportanceScaling] =
      importances.contains { $0 > 0 } || Set(importances).count == 1 ? ImportanceScaling.allCases : [.linear, .rank]
    for scaling in scalings {
      let allocation = try SparsityAllocation.proportional(
        importances: importances, parameters: parameters, target: target, spread: generator.unit(),
        scaling: scaling, floor: floor, ceiling: ceiling)
      #expect(abs(mean(allocation.sparsities, parameters) - target) < 1e-9)
      #expect(try abs(allocation.weightedMean(parameters: parameters) - target) < 1e-9)
      #expect(allocation.sparsities.allSatisfy { $0 >= floor && $0 <= ceiling })
      let order = importances.indices.sorted { importances[$0] > importances[$1] }
      for (left, right) in zip(order, order.dropFirst()) {
        #expect(allocation.sparsities[left] <= allocation.sparsities[right])
        if importances[left] == importances[right] {
          #expect(allocation.sparsities[left] == allocation.sparsities[right])
        }
      }
    }
  }

  @Test("Case 55: what clamping takes is given to the others in equal parts")
  func redistribution() throws {
    // z = 1, 0, 0.5: wanted 0.5, 1.3, 0.9 around 0.9; the ceiling takes 0.3 and the two others can take 0.1 at most.
    let allocation = try SparsityAllocation.proportional(
      importances: [3, 1, 2], parameters: [1, 1, 1], target: 0.9, spread: 0.4, scaling: .linear)
    #expect(distance(allocation.sparsities, [0.7, 1, 1]) < 1e-12)
    let gentle = try SparsityAllocation.proportional(
      importances: [3, 1, 2], parameters: [1, 1, 1], target: 0.7, spread: 0.2, scaling: .linear, ceiling: 0.8)
    // Wanted 0.5, 0.9, 0.7; the ceiling takes 0.1, and 0.05 goes to each of the others.
    #expect(distance(gentle.sparsities, [0.55, 0.8, 0.75]) < 1e-12)
  }

  @Test("A target at a bound gives every block the bound to the last bit", arguments: [0, 0.3, 1])
  func bounds(bound: Double) throws {
    for (floor, ceiling) in [(bound, 1.0), (0.0, bound)] {
      let allocation = try SparsityAllocation.proportional(
        importances: [0.1, 7, -3, 0.2], parameters: [3, 1, 4, 1], target: bound, spread: 0.3, scaling: .linear,
        floor: floor,
        ceiling: ceiling)
      #expect(allocation.sparsities == [bound, bound, bound, bound])
    }
  }

  @Test("Case 54: equal importances give the uniform allocation", arguments: ImportanceScaling.allCases)
  func equalImportances(scaling: ImportanceScaling) throws {
    let allocation = try SparsityAllocation.proportional(
      importances: [2, 2, 2], parameters: [1, 5, 9], target: 0.6, spread: 0.2, scaling: scaling)
    #expect(try allocation == .uniform(0.6, playerCount: 3))
  }

  @Test("No spread gives the uniform allocation; one block gets the target")
  func degenerate() throws {
    let flat = try SparsityAllocation.proportional(
      importances: [1, 2, 3], parameters: [1, 1, 1], target: 0.7, spread: 0, scaling: .linear)
    #expect(flat.sparsities == [0.7, 0.7, 0.7])
    let single = try SparsityAllocation.proportional(
      importances: [4], parameters: [9], target: 0.7, spread: 0.3, scaling: .linear)
    #expect(single.sparsities == [0.7])
  }

  @Test("Ranks keep the order and forget the distances; equal importances share a rank")
  func rank() throws {
    let allocation = try SparsityAllocation.proportional(
      importances: [1000, -5, 3, 3, 0], parameters: [1, 1, 1, 1, 1], target: 0.5, spread: 0.1, scaling: .rank)
    #expect(distance(allocation.sparsities, [0.4, 0.6, 0.475, 0.475, 0.55]) < 1e-12)
  }

  @Test("The logarithm keeps small importances apart and floors at a thousandth of the largest")
  func logarithm() throws {
    let allocation = try SparsityAllocation.proportional(
      importances: [1000, 100, 10, 1, 0.001, -7], parameters: [1, 1, 1, 1, 1, 1], target: 0.5, spread: 0.15,
      scaling: .log)
    // z = 1, 2/3, 1/3, 0, 0, 0 with mean 1/3.
    #expect(distance(allocation.sparsities, [0.3, 0.4, 0.5, 0.6, 0.6, 0.6]) < 1e-12)
    #expect(throws: AllocationError.nothingPositive) {
      try SparsityAllocation.proportional(
        importances: [0, -1], parameters: [1, 1], target: 0.5, spread: 0.1, scaling: .log)
    }
  }

  @Test("Importances at the ends of the number range do not overflow")
  func extremes() throws {
    let huge = Double.greatestFiniteMagnitude
    let allocation = try SparsityAllocation.proportional(
      importances: [huge, -huge, 0], parameters: [1, 1, 1], target: 0.5, spread: 0.1, scaling: .linear)
    #expect(distance(allocation.sparsities, [0.4, 0.6, 0.5]) < 1e-12)
  }

  @Test("Importances, spread, target and bounds that make no sense are typed errors")
  func refusals() {
    func proportional(
      _ importances: [Double] = [1, 2], _ parameters: [Int] = [1, 1], _ target: Double = 0.5, _ spread: Double = 0.1,
      _ floor: Double = 0, _ ceiling: Double = 1
    ) throws(AllocationError) -> SparsityAllocation {
      try .proportional(
        importances: importances, parameters: parameters, target: target, spread: spread, scaling: .linear,
        floor: floor,
        ceiling: ceiling)
    }
    for bad in [Double.infinity, -.infinity] {
      #expect(throws: AllocationError.importanceNotFinite(player: 1, bad)) { try proportional([1, bad]) }
    }
    #expect(throws: AllocationError.self) { try proportional([1, .nan]) }
    #expect(throws: AllocationError.self) {
      try SparsityAllocation.published(importances: [.nan], target: 0.5, spread: 0)
    }
    #expect(throws: AllocationError.noPlayers) { try proportional([], []) }
    #expect(throws: AllocationError.countMismatch("parameter counts", 1, players: 2)) { try proportional([1, 2], [1]) }
    #expect(throws: AllocationError.noParameters(player: 1)) { try proportional([1, 2], [1, 0]) }
    #expect(throws: AllocationError.targetOutOfRange(0.9, floor: 0.1, ceiling: 0.8)) {
      try proportional([1, 2], [1, 1], 0.9, 0.1, 0.1, 0.8)
    }
    #expect(throws: AllocationError.targetOutOfRange(-0.1, floor: 0, ceiling: 1)) {
      try proportional([1, 2], [1, 1], -0.1)
    }
    #expect(throws: AllocationError.self) { try proportional([1, 2], [1, 1], .nan) }
    #expect(throws: AllocationError.spread(-0.1)) { try proportional([1, 2], [1, 1], 0.5, -0.1) }
    #expect(throws: AllocationError.self) { try proportional([1, 2], [1, 1], 0.5, .nan) }
    #expect(throws: AllocationError.bounds(floor: 0.6, ceiling: 0.4)) {
      try proportional([1, 2], [1, 1], 0.5, 0.1, 0.6, 0.4)
    }
    #expect(throws: AllocationError.self) { try proportional([1, 2], [1, 1], 0.5, 0.1, 0, 1.5) }
    #expect(throws: AllocationError.self) { try SparsityAllocation.uniform(.nan, playerCount: 3) }
    #expect(throws: AllocationError.noPlayers) { try SparsityAllocation.uniform(0.5, playerCount: 0) }
    #expect(throws: AllocationError.sparsityOutOfRange(player: 1, 1.1)) { try SparsityAllocation([0.2, 1.1]) }
    #expect(AllocationError.spread(2).failureKind == .invalidSetting)
    #expect(AllocationError.importanceNotFinite(player: 0, .nan).failureKind == .badData)
  }

  @Test("OWL's map replaces sparsities that are not positive by 0.01 and does not restore the mean")
  func publishedReplacement() throws {
    let allocation = try SparsityAllocation.published(importances: [0, 1], target: 0.05, spread: 0.1)
    #expect(distance(allocation.sparsities, [0.15, 0.01]) < 1e-15)
    let uniform = try SparsityAllocation.published(importances: [3, 3], target: 0.7, spread: 0.08)
    #expect(distance(uniform.sparsities, [0.7, 0.7]) < 1e-15)
    #expect(throws: AllocationError.self) {
      try SparsityAllocation.published(importances: [0, 1], target: 0.97, spread: 0.08)
    }
  }

  @Test("Exponential scaling minimises the cost that it assumes")
  func exponentialIsOptimal() throws {
    // None is below an eighth of the median, 0.3, so all count as they are.
    let (importances, parameters) = ([0.3, 0.04, 0.05, 0.9], [10, 30, 20, 40])
    let spread = 0.1
    func cost(_ sparsities: [Double]) -> Double {
      zip(zip(importances, parameters), sparsities).reduce(0) { sum, player in
        sum + player.0.0 * Double(player.0.1) * Math.exp((player.1 - 0.6) / spread)
      }
    }
    let best = try SparsityAllocation.proportional(
      importances: importances, parameters: parameters, target: 0.6, spread: spread, scaling: .exponential)
    #expect(try abs(best.weightedMean(parameters: parameters) - 0.6) < 1e-9)
    let least = cost(best.sparsities)
    var generator = SeededGenerator(seed: 8)
    for _ in 0..<200 {
      // Another allocation of the same mean.
      var other = best.sparsities
      let (a, b) = (generator.below(4), generator.below(4))
      let step = 0.02 * generator.normal()
      other[a] += step / Double(parameters[a])
      other[b] -= step / Double(parameters[b])
      #expect(cost(other) >= least * (1 - 1e-12))
    }
  }

  @Test("Exponential scaling keeps a model with equal players nearly uniform, and does not trust values near zero")
  func exponentialDifferences() throws {
    func sparsities(_ importances: [Double]) throws -> [Double] {
      try SparsityAllocation.proportional(
        importances: importances, parameters: importances.map { _ in 1 }, target: 0.5, spread: 0.1,
        scaling: .exponential
      ).sparsities
    }
    let close = try sparsities([1, 1.1])
    #expect(abs(close[0] - close[1] - 0.1 * Math.log(1.1)) < 1e-12)
    let noisy = try sparsities([1, 1, 1, 1e-9, -0.01])
    #expect(noisy[3] == noisy[4])
    #expect(abs(noisy[4] - noisy[0] - 0.1 * Math.log(8)) < 1e-12)
    #expect(try sparsities([0, 0]) == [0.5, 0.5])
    #expect(throws: AllocationError.nothingPositive) { try sparsities([-1, -2]) }
  }
}
