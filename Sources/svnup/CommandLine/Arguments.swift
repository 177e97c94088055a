/// A command line that has been parsed: every value has its type and is within its range.
package struct Arguments: Sendable {
  package let command: CommandDescription
  private let values: [String: any Sendable]
  private let positionals: [String: String]

  /// Parses the words that follow the command's name.
  package init(parsing words: [String], for command: CommandDescription) throws(UsageError) {
    var parser = ArgumentParser(words, for: command)
    try parser.parse()
    self.command = command
    values = parser.values
    positionals = parser.positionals
  }

  /// The option's value, or its default where it was not given.
  package subscript<Value>(option: Option<Value>) -> Value {
    assert(command.options.contains { $0.name == option.name }, "\(command.name) does not declare --\(option.name)")
    return values[option.name] as? Value ?? option.default
  }

  /// The argument in a required place.
  package subscript(positional: Positional<String>) -> String {
    assert(command.positionals.contains { $0.name == positional.name }, "\(command.name) has no \(positional.name)")
    // The parser has refused a command line without it.
    return positionals[positional.name] ?? ""
  }

  /// The argument in a place that may be empty.
  package subscript(positional: Positional<String?>) -> String? {
    assert(command.positionals.contains { $0.name == positional.name }, "\(command.name) has no \(positional.name)")
    return positionals[positional.name]
  }

  /// Whether the option stands on the command line, even if with its default.
  package func isGiven(_ option: any OptionDeclaration) -> Bool { values[option.name] != nil }

  /// Whether the argument stands on the command line.
  package func isGiven(_ positional: any PositionalDeclaration) -> Bool { positionals[positional.name] != nil }

  /// The value of an option without a default, which is an error to leave out; `reason` says why, as in "--method wanda".
  package func required<Value>(_ option: Option<Value?>, by reason: String? = nil) throws(UsageError) -> Value {
    guard let value = self[option] else {
      let what = "\(option.spelling) \(option.placeholder ?? "")"
      throw usageError(reason.map { "\($0) needs \(what)" } ?? "\(what) is missing")
    }
    return value
  }

  /// Refuses none and more than one of the options.
  package func requireExactlyOne(of options: [any OptionDeclaration]) throws(UsageError) {
    let given = options.filter { isGiven($0) }
    guard let first = given.first else {
      throw usageError("one of \(options.map { "\($0.spelling) \($0.placeholder ?? "")" }.alternatives) is needed")
    }
    guard given.count == 1 else { throw usageError("\(first.spelling) and \(given[1].spelling) exclude each other") }
  }

  /// Refuses options that would be ignored; `condition` completes "has an effect only with", as in "--allocation shapley".
  package func refuse(_ options: [any OptionDeclaration], unless condition: String) throws(UsageError) {
    guard let given = options.first(where: { isGiven($0) }) else { return }
    throw usageError("\(given.spelling) has an effect only with \(condition)")
  }

  /// A problem of this command line.
  package func usageError(_ message: String) -> UsageError { UsageError(message, command: command.name) }
}
