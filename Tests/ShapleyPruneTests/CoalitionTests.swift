import ShapleyPrune
import Support
import Testing

@Suite struct CoalitionTests {
  static let sizes = [0, 1, 2, 63, 64, 65, 127, 128, 129, 200]

  @Test("The empty coalition holds nobody and the grand coalition everybody", arguments: sizes)
  func ends(playerCount: Int) {
    let empty = Coalition.empty(playerCount)
    let full = Coalition.full(playerCount)
    #expect(empty.count == 0 && empty.isEmpty)
    #expect(full.count == playerCount && full.isFull)
    #expect(empty.absentPlayers() == Array(0..<playerCount))
    #expect(full.presentPlayers() == Array(0..<playerCount))
    #expect(full.isEmpty == (playerCount == 0))
    #expect(empty.isFull == (playerCount == 0))
  }

  @Test("A coalition behaves as a set of numbers does", arguments: sizes.dropFirst())
  func agreesWithSet(playerCount: Int) {
    var generator = SeededGenerator(seed: UInt64(playerCount))
    var coalition = Coalition.empty(playerCount)
    var set: Set<Int> = []
    for _ in 0..<300 {
      let player = generator.below(playerCount)
      if generator.below(2) == 0 {
        coalition = coalition.inserting(player)
        set.insert(player)
      } else {
        coalition = coalition.removing(player)
        set.remove(player)
      }
      #expect(coalition.contains(player) == set.contains(player))
      #expect(coalition.presentPlayers() == set.sorted())
      #expect(coalition.absentPlayers() == (0..<playerCount).filter { !set.contains($0) })
      #expect(coalition.count == set.count)
    }
    #expect(coalition == Coalition(set, of: playerCount))
    #expect(coalition.hashValue == Coalition(set.sorted().reversed(), of: playerCount).hashValue)
  }

  @Test("The text has one digit a player and reads back", arguments: sizes)
  func text(playerCount: Int) {
    var generator = SeededGenerator(seed: 7)
    let players = (0..<playerCount).filter { _ in generator.below(2) == 0 }
    let coalition = Coalition(players, of: playerCount)
    #expect(coalition.description.utf8.count == playerCount)
    #expect(Coalition(coalition.description) == coalition)
  }

  @Test func textShowsPlayerZeroFirst() {
    #expect(Coalition([0, 1, 3], of: 4).description == "1101")
    #expect(Coalition("1101")?.absentPlayers() == [2])
  }

  @Test("A text of other characters is refused", arguments: ["12", "1 0", "-1", "01\n", "\u{0661}"])
  func badText(text: String) {
    #expect(Coalition(text) == nil)
  }

  @Test("Coalitions are ordered as their texts are, across word boundaries")
  func order() {
    var generator = SeededGenerator(seed: 3)
    for playerCount in [1, 5, 64, 70, 130] {
      let coalitions = (0..<60).map { _ in
        Coalition((0..<playerCount).filter { _ in generator.below(8) == 0 }, of: playerCount)
      }
      #expect(coalitions.sorted().map(\.description) == coalitions.map(\.description).sorted())
    }
    #expect(Coalition.full(3) < Coalition.empty(4))
  }

  @Test("Players of a window follow the bits, the others their surroundings")
  func window() {
    func text(_ members: UInt64, _ surroundings: Surroundings) -> String {
      Coalition(members: members, of: 1..<4, surroundings: surroundings, playerCount: 6).description
    }
    #expect(text(0b000, .intact) == "100011")
    #expect(text(0b001, .intact) == "110011")
    #expect(text(0b110, .intact) == "101111")
    #expect(text(0b000, .absent) == "000000")
    #expect(text(0b101, .absent) == "010100")
    let wide = Coalition(members: 1 << 63, of: 40..<104, surroundings: .absent, playerCount: 150)
    #expect(wide.presentPlayers() == [103])
  }
}
