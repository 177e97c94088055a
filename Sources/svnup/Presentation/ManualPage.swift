import Support

/// The manual page in the language of troff, made from the declarations that also drive the parser.
package struct ManualPage {
  private let commands: [any Command.Type]

  package init(_ commands: [any Command.Type]) { self.commands = commands }

  /// The page.
  package var text: String {
    var lines = [
      ".TH SVNUP 1 \"\" \"svnup \(Version.current)\" \"User Commands\"", ".SH NAME", "svnup \\- prune language models",
      ".SH SYNOPSIS", ".B svnup", "\\fICOMMAND\\fR [\\fIarguments\\fR] [\\fIoptions\\fR]", ".SH DESCRIPTION",
      Program.purpose.troff,
    ]
    for family in CommandFamily.allCases {
      lines.append(".SH \(family.rawValue.uppercased())")
      for command in commands where command.family == family { lines += section(command) }
    }
    lines += [".SH COMMON OPTIONS"] + CommonOptions.group.options.flatMap(entry)
    lines += [".SH EXIT STATUS"]
    for (status, meaning) in Self.statuses { lines += [".TP", ".B \(status)", meaning.troff] }
    lines += [".SH ENVIRONMENT"]
    for (name, meaning) in Self.environment { lines += [".TP", ".B \(name)", meaning.troff] }
    return lines.joined(separator: "\n")
  }

  private func section(_ command: any Command.Type) -> [String] {
    var lines = [
      ".SS svnup \(command.name.troff)", command.summary.troff, ".PP",
      "\\fBsvnup \(command.name.troff)\\fR \(command.usage.troff)",
    ]
    for text in command.discussion.split(separator: "\n") { lines += [".PP", String(text).troff] }
    for place in command.positionals { lines += [".TP", ".I \(place.name.troff)", place.help.troff] }
    for group in command.groups { lines += [".PP", "\(group.title.troff):"] + group.options.flatMap(entry) }
    for (purpose, line) in command.examples {
      lines +=
        [".PP", purpose.troff, ".PP", ".nf", ".RS"] + line.split(separator: "\n").map { String($0).troff } + [
          ".RE", ".fi",
        ]
    }
    return lines
  }

  private func entry(_ option: any OptionDeclaration) -> [String] {
    let usual = option.defaultText.map { " Default: \($0)." } ?? ""
    let value = option.placeholder.map { " \\fI\($0.troff)\\fR" } ?? ""
    return [".TP", "\\fB\(option.spelling.troff)\\fR\(value)", (option.help + usual).troff]
  }

  private static let statuses: KeyValuePairs = [
    "0": "Done.", "64": "The command line is wrong.", "65": "An input is not what it must be.",
    "66": "An input is missing.", "73": "The output cannot be created.", "74": "Reading or writing failed.",
    "75": "Interrupted; the same command goes on.",
  ]

  private static let environment: KeyValuePairs = [
    "SVNUP_KERNEL": "The instruction set to compute with, instead of the best that the processor has.",
    "NO_COLOR": "No bold text on terminals where it is set and not empty.",
    "SVNUP_SHARD, SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX": "The piece of a plan to work on.",
  ]
}

extension String {
  /// The text without what troff takes for commands.
  fileprivate var troff: String {
    let escaped = reduce(into: "") { text, character in
      switch character {
      case "\\": text += "\\e"
      case "-": text += "\\-"
      case "\u{2026}": text += "..."
      default: text.append(character)
      }
    }
    return escaped.first == "." || escaped.first == "'" ? "\\&" + escaped : escaped
  }
}
