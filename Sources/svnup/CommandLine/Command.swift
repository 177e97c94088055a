/// One command of the program: how it is called, as its parser and its help text read it, and what it does.
package protocol Command {
  static var name: String { get }
  static var family: CommandFamily { get }
  /// One line for the overview.
  static var summary: String { get }
  /// What follows the summary in the command's own help, a paragraph a line.
  static var discussion: String { get }
  /// What follows the name in the usage line.
  static var usage: String { get }
  static var positionals: [any Declaration] { get }
  /// The command's own options.
  static var groups: [OptionGroup] { get }
  /// Command lines to learn from, by their purposes; of several lines, each but the last ends in a backslash.
  static var examples: KeyValuePairs<String, String> { get }

  /// Checks what no single option can tell: which options need or exclude each other. Runs before any work.
  static func validate(_ arguments: Arguments) throws(UsageError)

  static func run(_ arguments: Arguments, console: Console) throws
}

/// Options that belong together, under a title.
package typealias OptionGroup = (title: String, options: [any OptionDeclaration])

extension Command {
  package static var discussion: String { "" }
  package static var usage: String {
    (positionals.map { "\($0.isRequired ? $0.name : "[\($0.name)]")\($0.isRepeated ? "…" : "")" } + ["[options]"])
      .joined(separator: " ")
  }
  package static var positionals: [any Declaration] { [] }
  package static var groups: [OptionGroup] { [] }

  /// The command's own options and the common ones.
  package static var options: [any OptionDeclaration] { (groups + [CommonOptions.group]).flatMap(\.options) }

  package static func validate(_ arguments: Arguments) throws(UsageError) {}
}
