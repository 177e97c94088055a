/// Turns the words of a command line into values, or into the first problem among them.
struct ArgumentParser {
  private(set) var values: [String: any Sendable] = [:]
  private(set) var positionals: [String: String] = [:]
  private let command: CommandDescription
  private let options: [String: any OptionDeclaration]
  private var words: ArraySlice<String>

  init(_ words: [String], for command: CommandDescription) {
    self.command = command
    self.words = words[...]
    options = Dictionary(command.options.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  mutating func parse() throws(UsageError) {
    var places = command.positionals[...]
    var optionsHaveEnded = false
    while let word = words.popFirst() {
      if optionsHaveEnded || !word.hasPrefix("-") || word == "-" {
        guard let place = places.popFirst() else { throw surplus(word) }
        guard !word.isEmpty else { throw problem("\(place.name) must not be empty") }
        positionals[place.name] = word
      } else if word == "--" {
        optionsHaveEnded = true
      } else {
        try parseOption(word)
      }
    }
    if let missing = places.first(where: { $0.isRequired }) { throw problem("\(missing.name) is missing") }
  }

  private mutating func parseOption(_ word: String) throws(UsageError) {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let spelling = String(parts[0])
    guard spelling.hasPrefix("--"), let option = options[String(spelling.dropFirst(2))] else { throw unknown(spelling) }
    guard values[option.name] == nil else { throw problem("\(spelling) is given twice") }
    let attached = parts.count == 2 ? String(parts[1]) : nil
    let text: String
    switch (option.placeholder, attached) {
    case (nil, nil): text = ""
    case (nil, _?): throw problem("\(spelling) takes no value")
    case (_?, let attached?): text = attached
    case (let placeholder?, nil): text = try nextValue(of: spelling, placeholder)
    }
    do {
      values[option.name] = try option.value(of: text)
    } catch {
      throw problem("\(spelling) \(text.isEmpty ? "''" : text): \(error.requirement)")
    }
  }

  /// The next word as an option's value.
  ///
  /// A word that looks like an option is none: `--data --quiet` has forgotten its file.
  private mutating func nextValue(of spelling: String, _ placeholder: String) throws(UsageError) -> String {
    let isMissing = problem("\(spelling) needs a value: \(spelling) \(placeholder)")
    guard let word = words.first else { throw isMissing }
    if word.hasPrefix("-"), word != "-", Double(word) == nil {
      let isOption = options[String(word.dropFirst(2).prefix { $0 != "=" })] != nil
      guard !isOption, word != "--" else { throw isMissing }
      throw problem("\(spelling) needs a value; one that begins with a dash is written \(spelling)=\(word)")
    }
    words.removeFirst()
    return word
  }

  private func unknown(_ spelling: String) -> UsageError {
    let name = String(spelling.drop { $0 == "-" })
    if let nearest = Suggestion.nearest(to: name, among: command.options.map(\.name)) {
      return problem("unknown option \(spelling), did you mean --\(nearest)?")
    }
    let remedy = spelling.hasPrefix("--") ? "" : "; an argument that begins with a dash comes after --"
    return problem("unknown option \(spelling)\(remedy)")
  }

  private func surplus(_ word: String) -> UsageError {
    let names = command.positionals.map(\.name)
    return problem(
      "unexpected argument '\(word)': \(command.name) takes \(names.isEmpty ? "none" : "only " + names.joined(separator: " "))"
    )
  }

  private func problem(_ message: String) -> UsageError { UsageError(message, command: command.name) }
}
