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
      PageSection(
        "All figures of the walk",
        [
          .details(
            "The walk",
            [
              .table(
                PageTable("Figures of the walk", [.text("figure"), .long("value")], rows: FigureTable.rows(walk.json)))
            ])
        ]),
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
    let table = PageTable(
      "What takes its place",
      [.text("linear"), .number("outputs"), .number("inputs"), .number("zeros"), .number("change of the weight")],
      rows: walk.absence.map {
        [
          $0.tensor, "\($0.rows)", "\($0.columns)", Quantity.percent(Double($0.zeros) / Double($0.rows * $0.columns)),
          Quantity.percent($0.change),
        ]
      })
    let probe = walk.record.settings.probe.map {
      "While the player is absent, \($0.pruner.name) has pruned it to \(Quantity.percent($0.sparsity ?? 0))."
    }
    return PageSection(
      "What takes its place", [.paragraph(probe ?? "While the player is absent, it is skipped."), .table(table)])
  }

  private static func windows(_ walk: Explanation) -> PageSection {
    let tables = walk.windows.map { window in
      PageBlock.table(
        PageTable(
          "Window \(window.players.joined(separator: " ")): sum \(window.sum.fixed(6))",
          [
            .text("present besides"), .number("v without"), .number("v with"), .number("adds"), .number("weight"),
            .number("term"),
          ],
          rows: window.terms.map { term in
            let present = window.present(in: term)
            return [
              present.isEmpty ? "none" : present.joined(separator: " "), term.without.fixed(6), term.with.fixed(6),
              term.marginal.fixed(6), term.weight.fixed(4), term.weighted.fixed(6),
            ]
          }))
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
          .table(
            PageTable(
              "Nodes", [.number("presence"), .number("derivative"), .number("weight"), .number("term")],
              rows: walk.path.map {
                [$0.presence.fixed(4), $0.derivative.fixed(6), $0.weight.fixed(4), $0.weighted.fixed(6)]
              })),
        ])
      ])
  }

  private static func sparsity(_ walk: Explanation) -> PageSection {
    let (least, greatest) = (walk.sparsities.min() ?? 0, walk.sparsities.max() ?? 0)
    return PageSection(
      "The sparsity that follows",
      [
        .paragraph(
          """
          Values are divided by the weights of their players; the logarithms, times the spread \(walk.spread.fixed(3)), are how far a player \
          stays below the target. \(walk.player.name) is pruned to \(Quantity.percent(walk.sparsity)); the players range from \
          \(Quantity.percent(least)) to \(Quantity.percent(greatest)).
          """)
      ])
  }

  private static func effect(_ effect: Explanation.Effect) -> PageSection {
    let names = effect.keptByMagnitude.indices.map { index in
      index == 0 ? "smallest" : index == Explanation.Effect.groupCount - 1 ? "largest" : "\(index + 1)"
    }
    return PageSection(
      "What that does to \(effect.linear.rawValue)",
      [
        .paragraph(
          """
          \(effect.kept) of \(effect.count) weights are kept, \(Quantity.percent(effect.keptOfRows.lowerBound, digits: 1)) to \
          \(Quantity.percent(effect.keptOfRows.upperBound, digits: 1)) of an output's. Those that are kept moved by \
          \(Quantity.percent(effect.change)) of their norm. The outputs, with the inputs of the pruned model, differ by \
          \(Quantity.percent(effect.outputError)).
          """),
        .chart(
          BarChart(
            title: "Kept weights of \(effect.linear.rawValue) by magnitude", categories: names,
            series: [.init("", effect.keptByMagnitude.map { 100 * $0 })], valueLabel: "kept, %",
            categoryLabel: "tenth of the weights, by magnitude"),
          caption: "Were weights chosen by their magnitude alone, only the last bars would stand."),
      ])
  }
}
