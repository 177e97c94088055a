import Charts
import ShapleyPrune
import Support

extension Page {
  /// The report of a walk from a text to the weights of one player.
  ///
  /// - Parameters:
  ///   - walk: the walk.
  ///   - model: what to call the model in the title; nil for no name.
  ///   - command: the words of the command line; empty where a program walked.
  ///   - events: what took the time of the run; nil leaves the cost out.
  public init(of walk: Explanation, model: String? = nil, command: [String] = [], cost events: TimedEvents? = nil) {
    self.init(
      title: "\(walk.player.name)\(model.map { " of \($0)" } ?? "")",
      lead: [
        .tiles([
          .init("weights", Quantity.count(walk.player.parameters)),
          .init("value by windows", NumberText.plain(walk.windowValue)),
          .init("value by the diagonal", NumberText.plain(walk.value)),
          .init("worth more", "\(walk.rank) of \(walk.players.count)"),
          .init("sparsity", Quantity.percent(walk.sparsity)),
        ])
      ])
    sections = [
      PageSection.walk(walk), PageSection.values(of: walk.record), PageSection.cost(events),
      PageSection.provenance(of: walk.record, command: command),
      PageSection.allFigures(of: walk),
    ].compactMap(\.self)
  }
}

extension PageSection {
  /// The way of one player: what takes its place, its terms in every window, its path, its sparsity, and what became of it.
  public static func walk(_ walk: Explanation) -> PageSection {
    PageSection(
      "The way of \(walk.player.name)", [],
      sections: [absence(walk), windows(walk), path(walk), sparsity(walk)] + walk.effects.map(effect))
  }

  private static func absence(_ walk: Explanation) -> PageSection {
    PageSection(
      "What takes its place",
      [.paragraph(walk.absenceSentence), .table(PageTable("What takes its place", walk.absenceTable))])
  }

  private static func windows(_ walk: Explanation) -> PageSection {
    let tables = walk.windows.map { window in
      PageBlock.table(PageTable("\(window.title): sum \(window.sum.fixed(6))", window.table))
    }
    return PageSection(
      "What it adds to the coalitions of its windows",
      [
        .paragraph(
          """
          A coalition is worth minus the mean loss of the model in which it is intact. A term is what the player adds, times the share \
          of the orders in which exactly those others come first. The value by windows, \(walk.windowValue.fixed(6)), is the mean of the \
          windows' sums.
          """)
      ] + tables)
  }

  private static func path(_ walk: Explanation) -> PageSection {
    let chart = LineChart(
      title: "The derivative on the path",
      series: [.init("", walk.path.map { .init($0.presence, $0.derivative) })],
      xAxis: Axis("presence of all players"), yAxis: Axis("derivative by this player's presence"),
      references: [Reference("value: \(NumberText.plain(walk.value))", walk.value)])
    return PageSection(
      "The path on which all players come in together",
      [
        .charts([
          .chart(
            chart,
            caption:
              "The value by the diagonal is the area below the curve, by the quadrature of Gauss and Legendre at the points."
          ),
          .table(PageTable("Nodes", walk.pathTable)),
        ])
      ])
  }

  private static func sparsity(_ walk: Explanation) -> PageSection {
    PageSection("The sparsity that follows", [.paragraph(walk.sparsitySentences)])
  }

  private static func effect(_ effect: Explanation.Effect) -> PageSection {
    PageSection(
      "What that does to \(effect.linear.rawValue)",
      [
        .paragraph("\(effect.keptSentence) \(effect.changeSentence)"),
        .chart(
          BarChart(
            title: "Kept weights of \(effect.linear.rawValue) by magnitude", categories: effect.groupNames,
            series: [.init("", effect.keptByMagnitude.map { 100 * $0 })], valueLabel: "kept, %",
            categoryLabel: "tenth of the weights, by magnitude"),
          caption: "Were weights chosen by their magnitude alone, only the last bars would stand."),
      ])
  }
}
