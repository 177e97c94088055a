import Charts
import TestSupport
import Testing

@Suite("Layout of charts") struct ChartLayoutTests {
  @Test("no texts overlap, and none leaves the drawing", arguments: Samples.charts.map(\.name))
  func texts(_ name: String) throws {
    let chart = try #require(Samples.charts.first { $0.name == name }?.chart)
    #expect(collisions(chart.svg()) == [])
    let page = Page(title: name, sections: [PageSection("s", [.chart(chart, caption: name)])])
    let drawings = MarkupReader.drawings(page.rendered)
    try #require(drawings.count == 2)
    for drawing in drawings { #expect(collisions(drawing) == []) }
  }

  @Test("the checker sees an overlap and a text outside")
  func checker() {
    func drawing(_ x: Int) -> String {
      """
      <svg viewBox="0 0 100 20"><text x="5" y="12" font-size="10" text-anchor="start">abc</text>\
      <text x="\(x)" y="12" font-size="10" text-anchor="start">abc</text></svg>
      """
    }
    #expect(collisions(drawing(40)) == [])
    #expect(collisions(drawing(15)).count == 1)
    #expect(collisions(drawing(95)).count == 1)
  }

  @Test("every drawing has a title and a description that are not empty", arguments: Samples.charts.map(\.name))
  func words(_ name: String) throws {
    let chart = try #require(Samples.charts.first { $0.name == name }?.chart)
    let reader = MarkupReader(chart.svg())
    #expect(reader.error == nil)
    let root = try #require(reader.all("svg").first)
    #expect(root.attributes["role"] == "img")
    let identifiers = try #require(root.attributes["aria-labelledby"]).split(separator: " ").map(String.init)
    let texts = ["title", "desc"].map { name in
      reader.elements.first { $0.name == name && $0.path == ["svg"] }
    }
    #expect(texts.map { $0?.attributes["id"] } == identifiers)
    #expect(texts.allSatisfy { !($0?.text.isEmpty ?? true) })
    #expect(!reader.elements.contains { $0.name == "script" })
    // Every coordinate is a number.
    for element in reader.elements {
      for name in ["x", "y", "x1", "y1", "x2", "y2", "width", "height"] {
        if let text = element.attributes[name] { #expect(Double(text)?.isFinite == true, "\(element)") }
      }
      if let path = element.attributes["d"] { #expect(!path.contains("n"), "\(element)") }
    }
  }

  @Test("what is missing is marked and counted, not drawn as zero")
  func missing() {
    func count(_ svg: String, _ style: String) -> Int {
      MarkupReader(svg).elements.count { $0.attributes["class"] == style }
    }
    let bars = Samples.bars(["a", "b", "c"], [""], [1, nil, .nan]).svg()
    #expect(count(bars, "missing") == 2)
    #expect(bars.contains("2 values are missing"))
    let map = HeatMap(
      title: "m", rows: ["a"], columns: ["x", "y"], values: [[1, nil]], rowLabel: "r", columnLabel: "c",
      valueLabel: "v"
    ).svg()
    #expect(count(map, "empty") == 1)
    let line = LineChart(
      title: "l", series: [.init("", [.init(0, 1), .init(1, 2), .init(2, nil), .init(3, 1), .init(4, 1)])],
      xAxis: Axis("x"), yAxis: Axis("y")
    ).svg()
    // Two stretches with a gap between them.
    #expect(count(line, "l0") == 2)
    #expect(count(line, "missing") == 1)
  }

  @Test("bars reach from zero to their values")
  func bars() throws {
    let chart = BarChart(
      title: "b", categories: ["a", "b"], series: [.init("", [2, -1])], valueLabel: "v", categoryLabel: "c")
    let heights = MarkupReader(chart.svg()).elements.filter { $0.attributes["class"] == "s0" }
      .compactMap { element in
        element.attributes["y"].flatMap(Double.init).flatMap { y in
          element.attributes["height"].flatMap(Double.init).map { (y, y + $0) }
        }
      }
    try #require(heights.count == 2)
    // The first ends where the second begins, and is twice as long.
    #expect(abs(heights[0].1 - heights[1].0) < 0.02)
    #expect(abs((heights[0].1 - heights[0].0) - 2 * (heights[1].1 - heights[1].0)) < 0.05)
  }

  @Test("the diagonal of a scatter is where both numbers are equal")
  func diagonal() throws {
    let svg = Samples.scatter([1, 2, 3], [1, 2, 3]).svg()
    let reader = MarkupReader(svg)
    func numbers(_ element: MarkupReader.Element, _ names: [String]) -> [Double] {
      names.compactMap { element.attributes[$0].flatMap(Double.init) }
    }
    let line = try #require(
      reader.all("line").last { $0.attributes["class"] == "reference" }
        .map { numbers($0, ["x1", "y1", "x2", "y2"]) })
    let points = reader.all("path").filter { $0.attributes["class"] == "s0" }
    try #require(points.count == 3)
    for point in points {
      // A marker begins at the left end of a circle of radius 3.6.
      let start = try #require(point.attributes["d"]).dropFirst().split(separator: "A")[0].split(separator: " ")
        .compactMap { Double($0) }
      let share = (start[0] + 3.6 - line[0]) / (line[2] - line[0])
      #expect(abs(line[1] + share * (line[3] - line[1]) - start[1]) < 0.1)
    }
  }
}
