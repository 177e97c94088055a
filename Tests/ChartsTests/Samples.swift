import Charts

/// Charts of easy and of difficult figures.
enum Samples {
  static let long =
    "a very long name of a linear that nobody would give it, with /a/path/in/it/that/has/no/blanks/at/all"
  static let hostile = "<script>alert(\"1\")</script> & 'x' \u{0}\u{1B}[31m \u{202E}abc \u{5D0}\u{5D1} \u{FFFE}"
  static let extremes: [Double?] = [
    0, .leastNonzeroMagnitude, -.leastNormalMagnitude, 1e308, -1e308, .nan, nil, .infinity, -.infinity, 0.1, 1 / 3, 2,
  ]

  static func values(_ count: Int, _ scale: Double = 1) -> [Double?] {
    // A plain sequence of changing signs and sizes.
    (0..<count).map { scale * (Double(($0 * 7919) % 1000) / 1000 - 0.3) }
  }

  static func bars(_ categories: [String], _ series: [String], _ values: [Double?], errors: [Double?] = []) -> BarChart
  {
    BarChart(
      title: "What each linear of each block contributes", categories: categories,
      series: series.map { .init($0, values, errors: errors) }, valueLabel: "value, nats a token",
      categoryLabel: "block",
      references: [Reference("uniform", 0.2)])
  }

  static func map(_ rows: Int, _ columns: [String], _ scale: Double, _ palette: HeatMap.Palette = .ascending) -> HeatMap
  {
    HeatMap(
      title: "Kept weights", rows: (0..<rows).map(String.init), columns: columns,
      values: (0..<rows).map { row in (0..<columns.count).map { scale * Double((row * 31 + $0 * 17) % 97) - scale * 40 }
      },
      rowLabel: "block", columnLabel: "linear", valueLabel: "share of weights that are kept", palette: palette)
  }

  static func lines(_ values: [[Double?]], xScale: Double = 1, isLogarithmic: Bool = false) -> LineChart {
    LineChart(
      title: "Sparsity along the blocks",
      series: values.enumerated().map { number, values in
        .init(
          "line \(number)",
          values.enumerated().map { index, value in
            .init(
              Double(index + 1) * xScale, value, lower: value.map { $0 - $0.magnitude / 5 },
              upper: value.map { $0 + $0.magnitude / 5 })
          })
      },
      xAxis: Axis("block", isLogarithmic: isLogarithmic), yAxis: Axis("sparsity, share", isLogarithmic: isLogarithmic),
      references: [Reference("target", 0.7)])
  }

  static func scatter(_ x: [Double?], _ y: [Double?]) -> ScatterChart {
    ScatterChart(
      title: "Every window before and after", points: zip(x, y).enumerated().map { .init("window \($0)", $1.0, $1.1) },
      xLabel: "mean NLL dense, nats a token", yLabel: "mean NLL pruned, nats a token")
  }

  static let linears = ["query", "key", "value", "output", "gate", "up", "down"]
  static let blocks = (0..<12).map(String.init)

  /// Charts by names that tell what is difficult about them.
  static let charts: [(name: String, chart: any Chart)] = [
    ("bars of 84 players", bars(blocks, linears, values(12), errors: [0.1, 0.2])),
    ("bars of 224 players", bars((0..<32).map(String.init), linears, values(32))),
    ("bars of 1000 players", bars((0..<1000).map(String.init), [""], values(1000))),
    ("one bar", bars(["0"], [""], [0.3], errors: [0.5])),
    ("bars with long names", bars([long, long, "c"], [long, "b"], values(3))),
    ("negative bars", bars(blocks, [""], values(12).map { ($0 ?? 0) - 3 })),
    ("huge bars", bars(blocks, ["a", "b"], values(12, 1e200))),
    ("tiny bars", bars(blocks, ["a"], values(12, 1e-200))),
    ("bars of extremes", bars(blocks, ["a"], extremes, errors: extremes)),
    ("no bars", bars([], [], [])),
    ("bars without values", bars(blocks, ["a"], [])),
    ("hostile bars", bars([hostile, "b"], [hostile], values(2))),
    ("map 12 × 7", map(12, linears, 0.001)),
    ("map 80 × 7", map(80, linears, 1)),
    ("map 200 × 40", map(200, (0..<40).map { "linear \($0)" }, 1, .diverging)),
    ("map of one", map(1, ["query"], 1)),
    ("map with long names", map(3, [long, long + "2", hostile], 1e30)),
    ("empty map", map(0, [], 1)),
    (
      "map with gaps",
      HeatMap(
        title: long, rows: ["a", "b"], columns: ["x", "y"], values: [[1, nil], [.nan]], rowLabel: long,
        columnLabel: long,
        valueLabel: long)
    ),
    (
      "map of extremes",
      HeatMap(
        title: "m", rows: ["a"], columns: blocks, values: [extremes], rowLabel: "r", columnLabel: "c", valueLabel: "v")
    ),
    ("three lines", lines([values(12), values(40), values(3)])),
    ("logarithmic lines", lines([values(12, 1e5), [0.001, 10, 1000]], isLogarithmic: true)),
    ("lines of extremes", lines([extremes, extremes], isLogarithmic: true)),
    ("lines of extremes, linear", lines([extremes], xScale: 1e12)),
    ("lines of huge distances", lines([values(9, 1e9)], xScale: 1e300)),
    ("one point", lines([[0.5]])),
    ("no lines", lines([])),
    ("an empty line", lines([[], [nil]])),
    ("ten lines", lines((0..<10).map { values($0 + 2) })),
    ("scatter", scatter(values(80), values(81).suffix(80).map { $0 })),
    ("scatter of extremes", scatter(extremes, extremes.reversed())),
    ("one point of a scatter", scatter([2.5], [2.6])),
    ("no scatter", scatter([], [])),
    ("scatter of large numbers", scatter(values(5, 123_456_789), values(5, 1e8))),
  ]
}
