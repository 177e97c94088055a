import ShapleyPrune
import Testing

/// How a list of coalitions is cut into pieces.
@Suite struct ShardsTests {
  @Test(
    "Shards cover the coalitions in order, none empty, at about equal cost", arguments: [12, 24, 32], [1, 2, 7, 40])
  func shards(_ players: Int, _ count: Int) throws {
    let coalitions = try #require(try SlidingWindowShapley(length: 5).coalitions(playerCount: players))
    let windows = 3
    let costs = Shards.costs(of: coalitions.map(Measurement.coalition), players: players, windows: windows)
    let ranges = Shards.ranges(costs: costs, count: count)
    #expect(ranges.count == count)
    #expect(ranges.flatMap(\.self) == Array(coalitions.indices))
    #expect(ranges.allSatisfy { !$0.isEmpty })
    let expected = ranges.map { range in
      range.reduce(0) { sum, index in
        let previous = index == 0 ? nil : coalitions[index - 1]
        let shared = (0..<players).first { coalitions[index].contains($0) != previous?.contains($0) } ?? players
        return sum + players - (previous == nil ? 0 : shared)
      }
    }
    #expect(ranges.map { costs[$0].reduce(0, +) } == expected.map { windows * $0 })
    let mean = Double(expected.reduce(0, +)) / Double(count)
    // No more than one coalition's cost from the share.
    #expect(expected.allSatisfy { abs(Double($0) - mean) <= Double(players) + 1 }, "\(expected)")
    let most = Shards.ranges(costs: costs, count: coalitions.count)
    #expect(most.allSatisfy { $0.count == 1 })
  }

  @Test("Costs whose products with the number of shards are beyond Int are cut all the same")
  func large() {
    #expect(Shards.ranges(costs: [1 << 60, 1 << 60, 1 << 60, 1 << 60], count: 2) == [0..<2, 2..<4])
  }

  @Test("Shards of slopes are cut between windows of one presence, too")
  func slopes() throws {
    let wanted = try #require(try DiagonalShapley(nodes: 2).measurements(playerCount: 9, windows: 5))
    #expect(wanted.count == 2 + 2 * 5)
    let costs = Shards.costs(of: wanted, players: 9, windows: 5)
    // Nobody and everybody differ from the first player on.
    #expect(costs == [45, 45] + Array(repeating: 36, count: 10))
    #expect(Shards.ranges(costs: costs, count: 4) == [0..<3, 3..<6, 6..<9, 9..<12])
  }
}
