/// One command of the program: how it is called, and what it does.
package protocol Command {
  static var description: CommandDescription { get }

  /// Checks what no single option can tell: which options need or exclude each other. Runs before any work.
  static func validate(_ arguments: Arguments) throws(UsageError)

  static func run(_ arguments: Arguments, console: Console) throws
}

extension Command {
  package static func validate(_ arguments: Arguments) throws(UsageError) {}

  /// What only the owner of an option can find wrong with a command line.
  package static func usageError(_ message: String) -> UsageError {
    UsageError(message, command: description.name)
  }
}

/// How a command is called, as its parser and its help text read it.
package struct CommandDescription: Sendable {
  package let name: String
  /// One line for the overview.
  package let summary: String
  /// Paragraphs that follow the summary in the command's own help.
  package let discussion: [String]
  /// What follows the name in the usage line; nil writes the positional arguments and `[options]`.
  package let usage: String?
  package let positionals: [any PositionalDeclaration]
  /// The command's own options; the common ones are added to them.
  package let groups: [OptionGroup]
  package let examples: [Example]

  package init(
    name: String, summary: String, discussion: [String] = [], usage: String? = nil,
    positionals: [any PositionalDeclaration] = [], groups: [OptionGroup] = [], examples: [Example]
  ) {
    self.name = name
    self.summary = summary
    self.discussion = discussion
    self.usage = usage
    self.positionals = positionals
    self.groups = groups + [CommonOptions.group]
    self.examples = examples
  }

  package var options: [any OptionDeclaration] { groups.flatMap(\.options) }
}

/// Options that belong together, under a title.
package struct OptionGroup: Sendable {
  package let title: String
  package let options: [any OptionDeclaration]

  package init(_ title: String, _ options: [any OptionDeclaration]) {
    self.title = title
    self.options = options
  }
}

/// A command line to learn from.
package struct Example: Sendable {
  package let purpose: String
  /// May have several lines, each but the last ending in a backslash.
  package let commandLine: String

  package init(_ purpose: String, _ commandLine: String) {
    self.purpose = purpose
    self.commandLine = commandLine
  }
}
