import ShapleyPrune
import Testing

/// How a list of coalitions is cut into pieces.
@Suite struct ShardsTests {
  @Test(
    "Shards cover the coalitions in order, none empty, at about equal cost", arguments: [12, 24, 32], [1, 2, 7, 40])
  func shards(_ players: Int, _ count: Int) throws {
    let coalitions = try #require(try SlidingWindowShapley(length: 5).coalitions(playerCount: players))
    let ranges = Shards.ranges(of: coalitions, count: count)
    #expect(ranges.count == count)
    #expect(ranges.flatMap(\.self) == Array(coalitions.indices))
    #expect(ranges.allSatisfy { !$0.isEmpty })
    let costs = ranges.map { range in
      range.reduce(0) { sum, index in
        let previous = index == 0 ? nil : coalitions[index - 1]
        let shared = (0..<players).first { coalitions[index].contains($0) != previous?.contains($0) } ?? players
        return sum + players - (previous == nil ? 0 : shared)
      }
    }
    let mean = Double(costs.reduce(0, +)) / Double(count)
    // No more than one coalition's cost from the share.
    #expect(costs.allSatisfy { abs(Double($0) - mean) <= Double(players) + 1 }, "\(costs)")
    let most = Shards.ranges(of: coalitions, count: coalitions.count)
    #expect(most.allSatisfy { $0.count == 1 })
  }
}
