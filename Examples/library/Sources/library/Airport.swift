import ShapleyPrune

/// The airport game (Littlechild and Owen, 1973): airlines share the costs of a runway that is long enough for the largest of them.
struct Airport: Game {
  /// The length that each airline needs.
  let runways: [Double]

  var playerCount: Int { runways.count }

  func values(of coalitions: [Coalition]) -> [Double] {
    coalitions.map { coalition in coalition.presentPlayers().map { runways[$0] }.max() ?? 0 }
  }

  /// Prints what each airline pays: every piece of the runway is shared by those who need it.
  func show() throws {
    var game = MemoisedGame(self)
    print("airport \(try ExactShapley().estimate(&game).values)")
  }
}
