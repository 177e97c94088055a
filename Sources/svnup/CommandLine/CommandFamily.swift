/// What a person wants who calls a command; the overview lists commands by it.
package enum CommandFamily: String, CaseIterable, Sendable {
  case begin = "Begin"
  case prune = "Prune"
  case understand = "Understand"
  case compare = "Compare"
  case help = "Help"
}

extension Command {
  /// The command that this one is a part of: `shapley` for `shapley plan`; nil for a command of its own.
  static var whole: String? {
    let words = name.split(separator: " ")
    return words.count > 1 ? words.first.map(String.init) : nil
  }
}
