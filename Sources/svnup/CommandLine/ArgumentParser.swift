/// Turns the words of a command line into values, or into the first problem among them.
struct ArgumentParser {
  let command: any Command.Type
  var words: ArraySlice<String>
  /// The values of options and arguments by their names.
  private(set) var values: [String: any Sendable] = [:]
  /// The texts given for each of them, in pairs with its name: twice the same is a mistake.
  private(set) var given: Set<[String]> = []

  mutating func parse() throws(UsageError) {
    var places = command.positionals[...]
    var optionsHaveEnded = false
    while let word = words.popFirst() {
      if optionsHaveEnded || !word.hasPrefix("-") || word == "-" {
        guard let place = places.first else { throw surplus(word) }
        guard !word.isEmpty else { throw problem("\(place.name) must not be empty") }
        if place.isRepeated {
          guard given.insert([place.name, word]).inserted else { throw problem("\(place.name) \(word) is given twice") }
          values[place.name] = (values[place.name] as? [String] ?? []) + [word]
        } else {
          places.removeFirst()
          values[place.name] = word
        }
      } else if word == "--" {
        optionsHaveEnded = true
      } else {
        try parseOption(word)
      }
    }
    if let missing = places.first(where: { $0.isRequired && values[$0.name] == nil }) {
      throw problem("\(missing.name) is missing")
    }
    if let missing = command.options.first(where: { $0.isRequired && values[$0.name] == nil }) {
      throw problem("\(missing.label) is missing")
    }
  }

  private mutating func parseOption(_ word: String) throws(UsageError) {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let spelling = String(parts[0])
    guard let option = option(spelling) else { throw unknown(spelling) }
    guard values[option.name] == nil || option.isRepeated else { throw problem("\(spelling) is given twice") }
    let attached = parts.count == 2 ? String(parts[1]) : nil
    let text: String
    switch (option.placeholder, attached) {
    case (nil, nil): text = ""
    case (nil, _?): throw problem("\(spelling) takes no value")
    case (_?, let attached?): text = attached
    case (_?, nil): text = try nextValue(of: option)
    }
    guard given.insert([option.name, text]).inserted else { throw problem("\(spelling) \(text) is given twice") }
    do {
      values[option.name] = try option.value(of: text, after: values[option.name])
    } catch {
      throw problem("\(spelling) \(text.isEmpty ? "''" : text): \(error.message)")
    }
  }

  private func option(_ spelling: some StringProtocol) -> (any OptionDeclaration)? {
    command.options.first { $0.spelling == spelling }
  }

  /// The next word as an option's value.
  ///
  /// A word that looks like an option is none: `--data --quiet` has forgotten its file.
  private mutating func nextValue(of option: any OptionDeclaration) throws(UsageError) -> String {
    let isMissing = problem("\(option.spelling) needs a value: \(option.label)")
    guard let word = words.first else { throw isMissing }
    if word.hasPrefix("-"), word != "-", Double(word) == nil {
      guard self.option(word.prefix { $0 != "=" }) == nil, word != "--" else { throw isMissing }
      let spelling = option.spelling
      throw problem("\(spelling) needs a value; one that begins with a dash is written \(spelling)=\(word)")
    }
    words.removeFirst()
    return word
  }

  private func unknown(_ spelling: String) -> UsageError {
    let name = String(spelling.drop { $0 == "-" })
    let question = Suggestion.question(for: name, among: command.options.map(\.name), prefix: "--")
    let remedy = spelling.hasPrefix("--") ? "" : "; an argument that begins with a dash comes after --"
    return problem("unknown option \(spelling)\(question ?? remedy)")
  }

  private func surplus(_ word: String) -> UsageError {
    let names = command.positionals.map(\.name)
    let taken = names.isEmpty ? "none" : "only " + names.joined(separator: " ")
    return problem("unexpected argument '\(word)': \(command.name) takes \(taken)")
  }

  private func problem(_ message: String) -> UsageError { UsageError(message, command: command.name) }
}
