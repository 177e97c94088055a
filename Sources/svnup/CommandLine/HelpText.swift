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
    for command in commands { lines += entry(command.description.name, command.description.summary) }
    lines += entry("help [COMMAND]", "Show this overview or a command's help; also svnup COMMAND --help.")
    lines += section("Options:", CommonOptions.group.options.map { (label($0), description($0)) })
    lines += entry("--version", "Show the version.")
    lines += ["", "Exit status:"]
    lines += paragraph(
      """
      0 done, 64 wrong command line, 65 bad data, 66 no such input, 73 output cannot be created, 74 input or output failed, \
      75 interrupted and can be resumed.
      """, indentation: 2)
    lines += ["", "Try: svnup demo"]
    return lines.joined(separator: "\n") + "\n"
  }

  /// One command, for `svnup help COMMAND`.
  package func help(for command: CommandDescription) -> String {
    var lines = paragraph("svnup \(command.name): \(command.summary)", indentation: 0)
    let places = command.positionals.map { $0.isRequired ? $0.name : "[\($0.name)]" }
    let usage = command.usage ?? (places + ["[options]"]).joined(separator: " ")
    lines += [""] + wrap("Usage: svnup \(command.name) \(usage)", first: 0, following: 9)
    for text in command.discussion { lines += [""] + paragraph(text, indentation: 0) }
    lines += section("Arguments:", command.positionals.map { ($0.name, $0.help) })
    for group in command.groups {
      lines += section("\(group.title):", group.options.map { (label($0), description($0)) })
    }
    lines += ["", command.examples.count == 1 ? "Example:" : "Examples:"]
    for example in command.examples {
      lines += paragraph(example.purpose, indentation: 2)
      lines += example.commandLine.split(separator: "\n").map { "    \($0)" }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func label(_ option: any OptionDeclaration) -> String {
    option.placeholder.map { "\(option.spelling) \($0)" } ?? option.spelling
  }

  private func description(_ option: any OptionDeclaration) -> String {
    option.defaultText.map { "\(option.help) Default: \($0)." } ?? option.help
  }

  private func section(_ title: String, _ entries: [(label: String, text: String)]) -> [String] {
    entries.isEmpty ? [] : [""] + paragraph(title, indentation: 0) + entries.flatMap { entry($0.label, $0.text) }
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
    var line = String(repeating: " ", count: first)
    var isEmpty = true
    for word in text.split(separator: " ") {
      if !isEmpty, line.count + 1 + word.count > width {
        lines.append(line)
        line = String(repeating: " ", count: following)
        isEmpty = true
      }
      line += isEmpty ? word : " " + word
      isEmpty = false
    }
    return lines + [line]
  }
}
