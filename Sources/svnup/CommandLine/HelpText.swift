/// Help texts, rendered from the declarations that also drive the parser.
package struct HelpText {
  /// Columns of a line.
  private let width: Int
  /// The column where descriptions begin; a longer name stands on a line of its own.
  private let descriptionColumn = 26
  /// The column of summaries in the overview.
  private let overviewColumn = 15

  private let style: TextStyle

  /// Lines wider than 100 columns are hard to read, and narrower than 48 leave descriptions no room.
  package init(width: Int, style: TextStyle = .plain) {
    self.width = min(max(width, 48), 100)
    self.style = style
  }

  /// All commands by what they are wanted for, for `svnup help`: on 80 columns a screen of 24 lines.
  package func overview(of commands: [any Command.Type]) -> String {
    var lines = paragraph(Program.headline, indentation: 0) + [""]
    for family in CommandFamily.allCases where family != .help {
      let members = commands.filter { $0.family == family && $0.whole == nil }
      if !members.isEmpty { lines.append(style.heading(family.rawValue)) }
      for command in members { lines += entry(command.name, command.summary, column: overviewColumn) }
    }
    // Commands whose work many machines share have parts of the same names.
    let wholes = commands.map { $0.name }.filter { name in commands.contains { $0.whole == name } }
    let parts = commands.filter { $0.whole == wholes.first }.compactMap { $0.name.split(separator: " ").last }
    if !parts.isEmpty {
      let text = "On many machines: \(wholes.joined(separator: " or ")), with \(parts.joined(separator: ", "))."
      lines += wrap(text, first: 0, following: 2)
    }
    let common = CommonOptions.group.options.filter { !$0.isAdvanced }.map(\.label) + ["--version"]
    lines += wrap("Everywhere: \(common.joined(separator: ", ")).", first: 0, following: 2)
    lines += wrap(
      "Status: 0 done, 64 usage, 65 data, 66 no input, 73-74 output, 75 resumable.", first: 0, following: 2)
    let help = ["demo", "help COMMAND"] + commands.filter { $0.family == .help }.map { $0.name }
    lines += wrap("Try: svnup \(help.joined(separator: ", svnup ")).", first: 0, following: 2)
    return lines.joined(separator: "\n")
  }

  /// One command, for `svnup help COMMAND`.
  ///
  /// - Parameter all: whether options are told that nearly every run leaves as they are.
  package func help(for command: any Command.Type, all: Bool = false) -> String {
    var lines = paragraph("svnup \(command.name): \(command.summary)", indentation: 0)
    lines += [""] + wrap("Usage: svnup \(command.name) \(command.usage)", first: 0, following: 9)
    for text in command.discussion.split(separator: "\n") { lines += [""] + paragraph(String(text), indentation: 0) }
    lines += section("Arguments:", command.positionals)
    for group in command.groups + [CommonOptions.group] {
      lines += section("\(group.title):", group.options.filter { all || !$0.isAdvanced })
    }
    let hidden = all ? 0 : command.groups.flatMap(\.options).count { $0.isAdvanced }
    if hidden > 0 {
      lines += [""] + paragraph("svnup \(command.name) --help-all tells of \(hidden) more options.", indentation: 0)
    }
    lines += ["", style.heading(command.examples.count == 1 ? "Example:" : "Examples:")]
    for (purpose, commandLine) in command.examples {
      lines += paragraph(purpose, indentation: 2)
      lines += commandLine.split(separator: "\n").map { "    \($0)" }
    }
    return lines.joined(separator: "\n")
  }

  private func section(_ title: String, _ declarations: [any Declaration]) -> [String] {
    guard !declarations.isEmpty else { return [] }
    return [""] + paragraph(title, indentation: 0).map(style.heading)
      + declarations.flatMap { declaration in
        let option = declaration as? any OptionDeclaration
        let usual = option?.defaultText.map { " Default: \($0)." } ?? ""
        return entry(option?.label ?? declaration.name, declaration.help + usual)
      }
  }

  /// A label and its description beside it, or below it where the label is long.
  private func entry(_ label: String, _ text: String, column: Int? = nil) -> [String] {
    let column = column ?? descriptionColumn
    let body = paragraph(text, indentation: column)
    let start = "  \(label)"
    guard start.count + 2 <= column, let first = body.first else { return [start] + body }
    return [start + String(first.dropFirst(start.count))] + Array(body.dropFirst())
  }

  private func paragraph(_ text: String, indentation: Int) -> [String] {
    wrap(text, first: indentation, following: indentation)
  }

  /// Breaks a text at its blanks; a word that is longer than a line stands alone.
  private func wrap(_ text: String, first: Int, following: Int) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, last.count + 1 + word.count <= width {
        lines[lines.count - 1] += " " + word
      } else {
        lines.append(String(repeating: " ", count: lines.isEmpty ? first : following) + word)
      }
    }
    return lines
  }
}
