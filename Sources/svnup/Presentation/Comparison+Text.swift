import ShapleyPrune
import Support

extension Comparison {
  /// A table for each model and text or task, and what the work took.
  var text: String {
    var lines: [String] = []
    for indices in tables {
      guard let first = indices.first.map({ columns[$0] }) else { continue }
      var table = Table(
        titles.map { .text($0) } + indices.flatMap { [.number(columns[$0].target), .text(""), .number("")] })
      for (row, words) in rows.enumerated() {
        table.append(
          words
            + indices.flatMap { column -> [String] in
              guard let entry = entries[row][column] else { return ["", "", ""] }
              let mark = entry.isBest ? "*" : Self.isWithinNoise(entry) ? "°" : ""
              return [columns[column].figure(entry), mark, columns[column].change(entry)]
            })
      }
      lines += [first.heading, "", table.rendered, ""]
    }
    for failure in failures { lines.append("\(failure.cell): \(failure.reason)") }
    let legend = legend(best: "*", changes: "behind it the change")
    return (lines + (legend.isEmpty ? [] : [legend]) + [cost.text]).joined(
      separator: "\n")
  }
}

extension Comparison.Cost {
  /// One line.
  var text: String {
    "cells \(Duration.seconds(cells).clock), what they share \(Duration.seconds(shared).clock); "
      + "measured by each cell for itself, that would have taken \(Duration.seconds(saved).clock) more"
  }
}
