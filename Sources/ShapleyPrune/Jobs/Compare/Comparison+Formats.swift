import Support

// A comparison as text for people, for papers and for programs.
extension Comparison {
  /// The files of a comparison by their names; the same bytes whenever and wherever the tasks were done.
  var files: [(name: String, text: String)] {
    [
      ("compare.json", json.document), ("table.md", markdown), ("table.tex", latex), ("table.csv", csv),
      ("cells.csv", cellsCSV),
    ]
  }

  /// Columns that stand in one table: those of a model and a text, or of one figure of a task.
  package var tables: [[Int]] {
    var tables: [[Int]] = []
    for (index, column) in columns.enumerated() {
      if let last = tables.last?.first.map({ columns[$0] }), last.modelIndex == column.modelIndex,
        last.subject == column.subject, last.measure == column.measure
      {
        tables[tables.count - 1].append(index)
      } else {
        tables.append([index])
      }
    }
    return tables
  }

  /// Whether an entry cannot be told from the best of its column.
  package static func isWithinNoise(_ entry: Entry) -> Bool { entry.bestTest?.isNoise == true }

  /// What the marks in a table mean; empty where it has none.
  ///
  /// - Parameters:
  ///   - best: the mark of the best row; nil where it is set in bold.
  ///   - changes: where the change stands.
  package func legend(best: String? = nil, changes: String = "in brackets the change") -> String {
    var parts = seeds > 1 ? ["mean ± standard deviation over \(seeds) seeds"] : []
    if let best { parts.append("\(best): the best in its column") }
    // One row has nothing to be compared with.
    guard rows.count > 1 else { return parts.joined(separator: "; ") }
    let tasks = grid.job.tasks.isEmpty ? "" : ", of accuracies as a difference in points"
    let units = grid.job.tasks.isEmpty ? "windows" : "windows or items"
    parts += [
      "\(changes) against the uniform allocation of the same method\(tasks)",
      "≈: no more than noise by a paired test over \(units) at \(Quantity.percent(PairedTest.level, digits: 0))",
      "°: not to be told from the best in the column by that test",
    ]
    return parts.joined(separator: "; ")
  }

  /// Tables in Markdown, one for each model and text, the best of a column in bold.
  public var markdown: String {
    var lines: [String] = []
    for table in tables {
      guard let first = table.first.map({ columns[$0] }) else { continue }
      lines.append("\(first.heading):\n")
      lines.append(
        "| \((titles + table.map { columns[$0].target }).map(\.markdownCell).joined(separator: " | ")) |")
      lines.append("|\(String(repeating: "---|", count: titles.count + table.count))")
      for (row, words) in rows.enumerated() {
        let cells = table.map { column -> String in
          guard let entry = entries[row][column] else { return "" }
          let change = columns[column].change(entry)
          let text =
            columns[column].figure(entry) + (Self.isWithinNoise(entry) ? "°" : "")
            + (change.isEmpty ? "" : " (\(change))")
          return entry.isBest ? "**\(text)**" : text
        }
        lines.append("| \((words + cells).map(\.markdownCell).joined(separator: " | ")) |")
      }
      lines.append("")
    }
    let legend = legend()
    return (lines + (legend.isEmpty ? [] : [legend + "."])).joined(separator: "\n") + "\n"
  }

  /// Tables in LaTeX without packages, one for each model and text.
  public var latex: String {
    var lines: [String] = []
    for table in tables {
      guard let first = table.first.map({ columns[$0] }) else { continue }
      lines.append("% \(first.heading)".latexComment)
      lines.append(
        "\\begin{tabular}{\(String(repeating: "l", count: titles.count))\(String(repeating: "r", count: table.count))}")
      lines.append("\\hline")
      lines.append((titles + table.map { columns[$0].target }).map(\.latex).joined(separator: " & ") + " \\\\")
      lines.append("\\hline")
      for (row, words) in rows.enumerated() {
        let cells = table.map { column -> String in
          guard let entry = entries[row][column] else { return "" }
          let number = columns[column].text(entry.mean)
          let deviation = entry.deviation.map { " $\\pm$ \(columns[column].text($0))" } ?? ""
          return (entry.isBest ? "\\textbf{\(number)}" : number) + deviation
        }
        lines.append((words.map(\.latex) + cells).joined(separator: " & ") + " \\\\")
      }
      lines += ["\\hline", "\\end{tabular}", ""]
    }
    return lines.joined(separator: "\n")
  }

  /// A line for each row and column, with every digit.
  public var csv: String {
    let header =
      ["model", "text", "measure", "target"] + titles + [
        "seeds", "dense", "mean", "deviation", "change", "change_p", "best", "best_p",
      ]
    var lines = [header]
    for (index, column) in columns.enumerated() {
      for (row, words) in rows.enumerated() {
        guard let entry = entries[row][index] else { continue }
        lines.append(
          [column.model, column.text, column.measure.rawValue, column.target] + words + [
            "\(seeds)", column.dense.csv, entry.mean.csv, entry.deviation.csv, entry.change.csv,
            (entry.changeTest?.probability).csv, entry.isBest ? "1" : "0", (entry.bestTest?.probability).csv,
          ])
      }
    }
    return lines.map { $0.map(\.csvField).joined(separator: ",") }.joined(separator: "\n") + "\n"
  }

  /// A line for each cell and figure, with every digit.
  public var cellsCSV: String {
    var lines = [["model", "text", "measure", "target", "seed"] + titles + ["zeros", "dense", "figure"]]
    for cell in grid.cells {
      guard let outcome = outcomes[cell] else { continue }
      for column in columns where column.modelIndex == cell.model && column.targetIndex == cell.target {
        lines.append(
          [column.model, column.text, column.measure.rawValue, column.target, "\(cell.seed)"] + rows[cell.row] + [
            (outcome.pruning?.sparsity).csv, column.dense.csv, (outcome.figure(in: column)?.value).csv,
          ])
      }
    }
    return lines.map { $0.map(\.csvField).joined(separator: ",") }.joined(separator: "\n") + "\n"
  }

  /// Everything but times, which differ from run to run.
  package var json: JSON {
    let job = grid.job
    let table = columns.indices.flatMap { index in
      rows.indices.compactMap { row in entries[row][index].map { json($0, row, columns[index]) } }
    }
    let texts = job.models.indices.map { model -> JSON in
      [
        "model": JSON(grid.name(ofModel: model)), "path": JSON(job.models[model].path),
        "identity": identity.models[model],
        "texts": .array(
          job.evaluations.indices.map { text -> JSON in
            let measured = dense[model].measurements[text]
            return [
              "path": JSON(job.evaluations[text].path ?? ""), "protocol": measured.text.json,
              "windows": JSON(measured.windowMeans.count), "sequenceLength": JSON(measured.sequenceLength),
              "dense": JSON(measured.perplexity.perplexity),
            ]
          }),
        "tasks": .array(
          zip(job.tasks, dense[model].answers).map { path, answers in
            [
              "path": JSON(path), "form": JSON(answers.form.rawValue),
              "items": answers.isRight.map { JSON($0.count) } ?? .null,
            ]
          }),
      ]
    }
    return [
      "svnup": JSON(Version.current), "seeds": JSON(seeds), "samples": JSON(job.samples),
      "sequenceLength": job.sequenceLength.map { JSON($0) } ?? .null, "valueWindows": JSON(job.windows),
      "calibration": JSON(job.calibration.path ?? ""), "models": .array(texts),
      "rows": .array(grid.rows.map(\.json)), "table": .array(table),
      "failures": .array(failures.map { ["cell": JSON($0.cell), "reason": JSON($0.reason)] }),
    ]
  }

  private func json(_ entry: Entry, _ row: Int, _ column: Column) -> JSON {
    [
      "row": JSON(row), "model": JSON(column.model), "text": JSON(column.text),
      "measure": JSON(column.measure.rawValue), "target": JSON(column.target), "dense": JSON(column.dense),
      "figures": JSON(entry.figures), "mean": JSON(entry.mean),
      "deviation": entry.deviation.map { JSON($0) } ?? .null, "change": entry.change.map { JSON($0) } ?? .null,
      "changeProbability": (entry.changeTest?.probability).map { JSON($0) } ?? .null, "best": JSON(entry.isBest),
      "bestProbability": (entry.bestTest?.probability).map { JSON($0) } ?? .null,
    ]
  }
}

extension Comparison.Column {
  /// `opt-125m on wiki.txt, perplexity (dense 27.65)`.
  package var heading: String { "\(model) on \(text), \(measure.title) (dense \(self.text(dense)))" }

  /// A figure with two decimals: `13.56`, of an accuracy in per cent; a dash where there is none.
  package func text(_ figure: Double) -> String { figure.isNaN ? "–" : measure.inUnit(figure).fixed(2) }

  /// `13.56 ± 0.04`.
  package func figure(_ entry: Comparison.Entry) -> String {
    "\(text(entry.mean))\(entry.deviation.map { " ± \(text($0))" } ?? "")"
  }

  /// `-45.0 %`, of an accuracy `-4.5`; `≈` in front where that is no more than noise, and nothing where there is nothing to compare with.
  package func change(_ entry: Comparison.Entry) -> String {
    guard let change = entry.change, change.isFinite else { return "" }
    let sign = entry.changeTest?.isNoise == true ? "≈ " : ""
    guard measure != .perplexity else { return sign + Quantity.change(1 + change, from: 1) }
    return "\(sign)\(change < 0 ? "" : "+")\(measure.inUnit(change).fixed(1))"
  }
}

extension Double {
  fileprivate var csv: String { isFinite ? "\(self)" : "" }
}

extension Double? {
  fileprivate var csv: String { map(\.csv) ?? "" }
}

extension String {
  /// A field of RFC 4180.
  fileprivate var csvField: String {
    contains { $0 == "," || $0 == "\"" || $0.isNewline }
      ? "\"\(split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\""))\"" : self
  }

  /// The text in a cell of a Markdown table.
  fileprivate var markdownCell: String {
    String(map { $0.isNewline ? " " : $0 }).split(separator: "|", omittingEmptySubsequences: false)
      .joined(separator: "\\|")
  }

  /// The text without what LaTeX takes for commands.
  fileprivate var latex: String {
    reduce(into: "") { text, character in
      switch character {
      case "%", "_", "&", "#", "$", "{", "}": text += "\\\(character)"
      case "\\": text += "\\textbackslash{}"
      case "~": text += "\\textasciitilde{}"
      case "^": text += "\\textasciicircum{}"
      default: text.append(character.isNewline ? " " : character)
      }
    }
  }

  /// A comment of one line.
  fileprivate var latexComment: String { String(map { $0.isNewline ? " " : $0 }) }
}
