/// Help texts, rendered from the declarations that also drive the parser.
package struct HelpText {
  /// Columns of a line.
  private let width: Int
  /// The column where descriptions begin; a longer name stands on a line of its own.
  private let descriptionColumn = 26

  /// Lines wider than 100 columns are hard to read, and narrower than 48 leave descriptions no room.
  package init(width: Int) { self.width = min(max(width, 48), 100) }

  /// All commands, for `svnup help`.
  package func overview(of commands: [any Command.Type]) -> String {
    var lines = paragraph(Program.purpose, indentation: 0)
    lines += ["", "Usage: svnup COMMAND [arguments] [options]", "", "Commands:"]
    for command in commands { lines += entry(command.name, command.summary) }
    lines += entry("help [COMMAND]", "Show this overview or a command's help; also svnup COMMAND --help.")
    lines += section("Options:", CommonOptions.group.options)
    lines += entry("--version", "Show the version.")
    lines += ["", "Exit status:"]
    lines += paragraph(
      """
      0 done, 64 wrong command line, 65 bad data, 66 no such input, 73 output cannot be created, 74 input or output failed, \
      75 interrupted and can be resumed.
      """, indentation: 2)
    lines += ["", "Try: svnup demo"]
    return lines.joined(separator: "\n")
  }

  /// One command, for `svnup help COMMAND`.
  package func help(for command: any Command.Type) -> String {
    var lines = paragraph("svnup \(command.name): \(command.summary)", indentation: 0)
    lines += [""] + wrap("Usage: svnup \(command.name) \(command.usage)", first: 0, following: 9)
    for text in command.discussion.split(separator: "\n") { lines += [""] + paragraph(String(text), indentation: 0) }
    lines += section("Arguments:", command.positionals)
    for group in command.groups + [CommonOptions.group] {
      lines += section("\(group.title):", group.options)
    }
    lines += ["", command.examples.count == 1 ? "Example:" : "Examples:"]
    for (purpose, commandLine) in command.examples {
      lines += paragraph(purpose, indentation: 2)
      lines += commandLine.split(separator: "\n").map { "    \($0)" }
    }
    return lines.joined(separator: "\n")
  }

  private func section(_ title: String, _ declarations: [any Declaration]) -> [String] {
    guard !declarations.isEmpty else { return [] }
    return [""] + paragraph(title, indentation: 0)
      + declarations.flatMap { declaration in
        let option = declaration as? any OptionDeclaration
        let usual = option?.defaultText.map { " Default: \($0)." } ?? ""
        return entry(option?.label ?? declaration.name, declaration.help + usual)
      }
  }

  /// A label and its description beside it, or below it where the label is long.
  private func entry(_ label: String, _ text: String) -> [String] {
    let body = paragraph(text, indentation: descriptionColumn)
    let start = "  \(label)"
    guard start.count + 2 <= descriptionColumn, let first = body.first else { return [start] + body }
    return [start + first.dropFirst(start.count)] + body.dropFirst()
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
