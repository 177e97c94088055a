import Support

/// A command line that has been parsed: every value has its type and is within its range.
package struct Arguments: Sendable {
  /// The command's name.
  private let name: String
  /// The names of the command's options.
  private let declared: [String]
  /// The values of options and arguments by their names.
  private let values: [String: any Sendable]

  /// Parses the words that follow the command's name.
  package init(parsing words: [String], for command: any Command.Type) throws(UsageError) {
    var parser = ArgumentParser(command: command, words: words[...])
    try parser.parse()
    name = command.name
    declared = command.options.map(\.name)
    values = parser.values
  }

  /// The option's value, or its default where it was not given.
  package subscript<Value>(option: Option<Value>) -> Value {
    assert(declared.contains(option.name), "\(name) does not declare \(option.spelling)")
    return values[option.name] as? Value ?? option.default
  }

  /// The argument in a required place, without which the parser refuses a command line.
  package subscript(positional: Positional<String>) -> String { values[positional.name] as? String ?? "" }

  /// The arguments in the last places, of which there is at least one.
  package subscript(positional: Positional<[String]>) -> [String] { values[positional.name] as? [String] ?? [] }

  /// The argument in a place that may be empty.
  package subscript(positional: Positional<String?>) -> String? { values[positional.name] as? String }

  /// Whether the option or argument stands on the command line, even if with its default.
  package func isGiven(_ declaration: any Declaration) -> Bool { values[declaration.name] != nil }

  /// The value of an option that must not be left out; `reason` says why, as in "--method wanda".
  package func required<Value>(_ option: Option<Value?>, by reason: String? = nil) throws(UsageError) -> Value {
    guard let value = self[option] else {
      throw usageError(reason.map { "\($0) needs \(option.label)" } ?? "\(option.label) is missing")
    }
    return value
  }

  /// Refuses none and more than one of the options.
  package func requireExactlyOne(of options: [any OptionDeclaration]) throws(UsageError) {
    let given = options.filter { isGiven($0) }
    guard let first = given.first else { throw usageError("one of \(options.map(\.label).alternatives) is needed") }
    guard given.count == 1 else { throw usageError("\(first.spelling) and \(given[1].spelling) exclude each other") }
  }

  /// Refuses options that would be ignored; `condition` completes "has an effect only with".
  package func refuse(_ options: [any OptionDeclaration], unless condition: String) throws(UsageError) {
    guard let given = options.first(where: { isGiven($0) }) else { return }
    throw usageError("\(given.spelling) has an effect only with \(condition)")
  }

  /// A problem of this command line.
  func usageError(_ message: String) -> UsageError { UsageError(message, command: name) }
}
