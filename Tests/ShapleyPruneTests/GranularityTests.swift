import ShapleyPrune
import Support
import Tensor
import TestSupport
import Testing
import Transformer

/// Parts of a model as players.
@Suite struct PlayersTests {
  @Test(arguments: TinyModels.names)
  func aBlockIsItsTwoHalves(_ name: String) throws {
    let model = try TinyModels.load(name)
    let tokens = randomTokens(3, 40, below: 512)
    for block in model.blocks {
      var whole = model.embed(tokens)
      var halves = whole
      block.apply(to: &whole, sequences: 3)
      for half in Sublayer.allCases {
        let before = halves.bits
        block.apply(half, to: &halves, sequences: 3, caches: nil, observing: nil)
        #expect(halves.bits != before)
      }
      #expect(halves.bits == whole.bits)
    }
  }

  @Test(arguments: TinyModels.names, Granularity.allCases)
  func theyCoverEveryLinearOnce(_ name: String, _ kind: Granularity) throws {
    let model = try TinyModels.load(name)
    let players = kind.cut(model)
    for (index, block) in model.blocks.enumerated() {
      let own = players.filter { $0.block == index }
      #expect(Set(own.flatMap(\.roles)) == Set(block.roles))
      #expect(own.flatMap(\.roles).count == block.roles.count)
      #expect(own.reduce(0) { $0 + $1.parameters } == block.prunableParameters)
    }
    #expect(Set(players.map(\.name)).count == players.count)
    #expect(players.count == kind.count(blocks: 4, linears: model.blocks[0].roles.count))
  }

  @Test(
    arguments: ["llama3-gqa", "opt-350m"], [(Granularity.sublayers, true), (.sublayers, false), (.linears, false)])
  func valuesAreThoseOfEachCoalitionAlone(_ name: String, _ game: (kind: Granularity, isBypassing: Bool)) throws {
    let (kind, isBypassing) = game
    let model = try TinyModels.load(name)
    let windows = randomTokens(5, 48, below: 512)
    let players = kind.cut(model)
    let absence =
      isBypassing
      ? LayerGame.Absence.bypassed
      : try .pruned(model, by: WandaPruner(), to: 0.7, calibration: try TinyModels.calibration())

    /// The coalition on a model of its own.
    func alone(_ coalition: Coalition) -> Double {
      var mixed = model
      var skipped: [Int: Set<Sublayer>] = [:]
      for (player, part) in players.enumerated() where !coalition.contains(player) {
        for role in part.roles {
          if case .replaced(let forms) = absence {
            mixed.blocks[part.block] = forms[part.block].block(mixed.blocks[part.block], roles: [role])
          } else {
            skipped[part.block, default: []].insert(role.sublayer)
          }
        }
      }
      var hidden = model.embed(windows)
      for (index, block) in mixed.blocks.enumerated() {
        for half in Sublayer.allCases where skipped[index]?.contains(half) != true {
          block.apply(half, to: &hidden, sequences: windows.sequences, caches: nil, observing: nil)
        }
      }
      let means = model.windowMeans(hidden, of: windows)
      return -means.reduce(0, +) / Double(means.count)
    }

    var generator = SeededGenerator(seed: 3)
    let coalitions =
      [Coalition.empty(players.count), .full(players.count)]
      + (0..<30).map { _ in Coalition(players.indices.filter { _ in generator.below(3) > 0 }, of: players.count) }
    var game = LayerGame(model, granularity: kind, windows: windows, absence: absence)
    #expect(try game.values(of: coalitions) == coalitions.map(alone))
    #expect(game.forwardStepCount == 8)
    #expect(game.forwardStepsAsked < coalitions.count * 8)
  }

  @Test func patternsReachTheLinearsTheyAreFor() throws {
    let model = try TinyModels.load("llama3-gqa")
    for kind in Granularity.allCases {
      let players = kind.cut(model)
      let allocation = try SparsityAllocation(players.indices.map { Double($0) / Double(players.count) })
      let patterns = allocation.patterns(for: players, blockCount: 4)
      for (player, sparsity) in zip(players, allocation.sparsities) {
        for role in player.roles { #expect(patterns[player.block][role] == .unstructured(sparsity)) }
      }
    }
  }

  @Test("Importance is for a weight, where players differ in size")
  func perWeight() throws {
    let found = try SparsityAllocation.perWeight([3, 3, 0.1], parameters: [10, 30, 20])
    #expect(found == [6, 2, 0.1])
    #expect(throws: AllocationError.noParameters(player: 1)) {
      try SparsityAllocation.perWeight([1, 1], parameters: [3, 0])
    }
  }
}
