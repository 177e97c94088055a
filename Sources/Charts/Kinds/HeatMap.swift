import Support

/// A table of numbers whose cells are coloured by them, with the numbers in the cells where these have room.
public struct HeatMap: Chart {
  /// What colours tell.
  public enum Palette: Sendable {
    /// From the smallest number to the largest.
    case ascending
    /// From below zero to above it, the same distance to both sides.
    case diverging
  }

  /// How far apart the steps of the colours are.
  public enum Spacing: Sendable {
    /// The same distance everywhere.
    case even
    /// Wider away from the beginning, by the square: small numbers are told apart beside a few that are much larger.
    case squares
  }

  /// What the chart shows.
  public let title: String
  /// The rows' names.
  public let rows: [String]
  /// The columns' names.
  public let columns: [String]
  /// The numbers of every row; nil or NaN where there is none.
  public let values: [[Double?]]
  /// What the rows are.
  public let rowLabel: String
  /// What the columns are.
  public let columnLabel: String
  /// What the numbers are, with their unit.
  public let valueLabel: String
  /// What colours tell.
  public let palette: Palette
  /// How far apart the steps of the colours are.
  public let spacing: Spacing

  /// A map of a table.
  public init(
    title: String, rows: [String], columns: [String], values: [[Double?]], rowLabel: String, columnLabel: String,
    valueLabel: String, palette: Palette = .ascending, spacing: Spacing = .even
  ) {
    self.title = title
    self.rows = rows
    self.columns = columns
    self.values = values
    self.rowLabel = rowLabel
    self.columnLabel = columnLabel
    self.valueLabel = valueLabel
    self.palette = palette
    self.spacing = spacing
  }

  /// The kind of chart, its axes, and its smallest and largest values.
  public var summary: String {
    "Heat map: \(valueLabel) by \(rowLabel) (rows) and \(columnLabel) (columns). "
      + ChartSummary.extremes(cells.map { ("\(rows[$0.row]), \(columns[$0.column])", $0.value) }, missing: missingCount)
  }

  private func value(_ row: Int, _ column: Int) -> Double? {
    guard values.indices.contains(row), values[row].indices.contains(column), let value = values[row][column] else {
      return nil
    }
    return value.isFinite ? value : nil
  }

  private var cells: [(row: Int, column: Int, value: Double)] {
    rows.indices.flatMap { row in
      columns.indices.compactMap { column in value(row, column).map { (row, column, $0) } }
    }
  }

  private var missingCount: Int { rows.count * columns.count - cells.count }

  /// The range of the colours.
  private var domain: Domain {
    let values = cells.map(\.value)
    switch palette {
    case .ascending: return Domain(values)
    case .diverging:
      let largest = values.reduce(0) { max($0, $1.magnitude) }
      return Domain([-largest, largest])
    }
  }

  private var prefix: String { palette == .ascending ? "h" : "d" }

  /// The step of the colour scale for a value.
  private func step(_ value: Double, in domain: Domain) -> Int {
    let steps = Double(Theme.scaleSteps)
    return min(max(Int(share(value, in: domain) * steps), 0), Theme.scaleSteps - 1)
  }

  /// How far along the colours a value lies, from 0 to 1.
  private func share(_ value: Double, in domain: Domain) -> Double {
    let even = (min(max(value, domain.lower), domain.upper) - domain.lower) / domain.span
    guard spacing == .squares else { return even }
    guard palette == .diverging else { return even.squareRoot() }
    let distance = 2 * even - 1
    return 0.5 + (distance < 0 ? -1 : 1) * distance.magnitude.squareRoot() / 2
  }

  /// The value in the middle of the colours.
  private func middle(of domain: Domain) -> Double {
    let isCloser = spacing == .squares && palette == .ascending
    return domain.lower + domain.span * (isCloser ? 0.25 : 0.5)
  }

  /// The numbers of the cells with the same digits behind the point, as many as all of them have room for; nil where none have.
  private func texts(cellWidth: Double, size: Double) -> [String]? {
    let values = cells.map(\.value)
    let exponent = NumberText.decimalExponent(values.reduce(0) { max($0, $1.magnitude) })
    // Where small numbers are told apart by colour, one more digit tells them apart, too.
    for digits in (spacing == .squares ? [4, 3, 2, 1] : [3, 2, 1]) {
      let decimals = digits - 1 - exponent
      let isPlain = exponent < 6 && exponent >= -4
      let texts = values.map { isPlain ? $0.fixed(max(decimals, 0)) : NumberText.plain($0, digits: digits) }
      if texts.allSatisfy({ TextMetrics.width($0, size: size) + 4 <= cellWidth }) { return texts }
    }
    return nil
  }

  /// Draws the map as wide as its cells take, and as high as its rows.
  public func drawing(width limit: Double) -> Drawing {
    let size = ChartFrame.Size.label
    let names = rows.map { TextMetrics.truncated($0, size: size, width: limit * 0.35) }
    let left = ChartFrame.labelWidth(names)
    let cellWidth = min((limit - left - 8) / Double(max(columns.count, 1)), 84)
    // No wider than its cells, but wide enough for a title.
    let width = min(limit, max(left + cellWidth * Double(columns.count) + 8, min(limit, 360)))
    let cellHeight = rows.count > 150 ? 8.0 : rows.count > 40 ? 14 : 20
    var frame = ChartFrame(title: title, width: width)
    colorLegend(&frame)
    frame.note("rows: \(rowLabel); columns: \(columnLabel)", style: "ink")
    frame.top += 2
    columnNames(&frame, left: left, cellWidth: cellWidth)
    let domain = domain
    let textSize = min(10, cellHeight - 4)
    let texts = cellHeight >= 14 ? texts(cellWidth: cellWidth, size: textSize) : nil
    let upper = frame.top
    for (index, cell) in cells.enumerated() {
      let (x, y) = (left + Double(cell.column) * cellWidth, upper + Double(cell.row) * cellHeight)
      let style = "\(prefix)\(step(cell.value, in: domain))"
      frame.canvas.rectangle(
        x: x, y: y, width: cellWidth, height: cellHeight, style,
        hint: "\(rows[cell.row]), \(columns[cell.column]): \(NumberText.plain(cell.value))")
      if let texts {
        frame.canvas.text(
          texts[index], x + cellWidth / 2, y + cellHeight / 2 + textSize * 0.35, size: textSize, .middle, "on-\(style)")
      }
    }
    for row in rows.indices {
      for column in columns.indices where value(row, column) == nil {
        let (x, y) = (left + Double(column) * cellWidth, upper + Double(row) * cellHeight)
        frame.canvas.rectangle(
          x: x + 1, y: y + 1, width: cellWidth - 2, height: cellHeight - 2, "empty",
          hint: "\(rows[row]), \(columns[column]): no value")
        frame.missing(x + cellWidth / 2, y + cellHeight / 2, hint: "no value")
      }
    }
    let every = max(Int((size * TextMetrics.lineHeight / cellHeight).rounded(.up)), 1)
    for (row, name) in names.enumerated() where row % every == 0 {
      frame.canvas.text(
        name, left - 6, upper + (Double(row) + 0.5) * cellHeight + size * 0.35, size: size, .end, "muted")
    }
    frame.top = upper + Double(rows.count) * cellHeight + 6
    frame.note(ChartFrame.missingNote(missingCount))
    return frame.finished()
  }

  /// The colours with the numbers at their ends.
  private func colorLegend(_ frame: inout ChartFrame) {
    guard !cells.isEmpty else { return frame.note("There are no values.") }
    frame.note(valueLabel + (spacing == .squares ? "; colours by its square root" : ""), style: "ink")
    let size = ChartFrame.Size.label
    let domain = domain
    let texts = [domain.lower, middle(of: domain), domain.upper].map { NumberText.plain($0, digits: 3) }
    let widths = texts.map { TextMetrics.width($0, size: size) }
    // The numbers stand under both ends of the colours and under their middle.
    let start = 4 + widths[0] / 2
    let needed = widths.max().map { 2 * $0 + 24 } ?? 0
    let swatch = max(20, needed / Double(Theme.scaleSteps))
    for step in 0..<Theme.scaleSteps {
      frame.canvas.rectangle(
        x: start + Double(step) * swatch, y: frame.top + 1, width: swatch, height: 11, "\(prefix)\(step)")
    }
    let length = Double(Theme.scaleSteps) * swatch
    frame.canvas.rectangle(x: start, y: frame.top + 1, width: length, height: 11, "frame")
    for (text, place) in zip(texts, [start, start + length / 2, start + length]) {
      frame.canvas.text(text, place, frame.top + 14 + size, size: size, .middle, "muted")
    }
    frame.top += 20 + size
  }

  /// The names above the columns, turned where they are wider than these, and thinned out where columns are narrow.
  private func columnNames(_ frame: inout ChartFrame, left: Double, cellWidth: Double) {
    let size = ChartFrame.Size.label
    func middle(_ column: Int) -> Double { left + (Double(column) + 0.5) * cellWidth }
    if columns.allSatisfy({ TextMetrics.width($0, size: size) + 4 <= cellWidth }) {
      for (column, name) in columns.enumerated() {
        frame.canvas.text(name, middle(column), frame.top + size, size: size, .middle, "muted")
      }
      frame.top += size * 1.5
      return
    }
    let names = columns.map { TextMetrics.truncated($0, size: size, width: 110) }
    let height = names.reduce(0) { max($0, TextMetrics.width($1, size: size)) }
    let every = max(Int((size * TextMetrics.lineHeight / max(cellWidth, 0.001)).rounded(.up)), 1)
    for (column, name) in names.enumerated() where column % every == 0 {
      frame.canvas.text(
        name, middle(column) + size * 0.35, frame.top + height, size: size, .start, "muted", isTurned: true)
    }
    frame.top += height + 6
  }
}
