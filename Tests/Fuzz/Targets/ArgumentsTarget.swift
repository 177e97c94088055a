import Support
import svnup

/// A command line, one word a line: the name of a command and what follows it.
struct ArgumentsTarget: FuzzTarget {
  static let name = "arguments"

  init(scratch: ScratchFolder) {}

  func check(_ bytes: [UInt8]) throws {
    let words = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
      String(decoding: $0, as: UTF8.self)
    }
    guard let command = Program.commands.first(where: { $0.name == words[0] }) else {
      // Anything else is a question of what may have been meant.
      _ = Suggestion.nearest(to: words[0], among: Program.commands.map { $0.name })
      return
    }
    do throws(UsageError) {
      let arguments = try Arguments(parsing: Array(words.dropFirst()), for: command)
      try command.validate(arguments)
    } catch {
      try require(error.description.hasSuffix("(see 'svnup help \(words[0])')"), "\(error)")
      try require(error.failureKind == .invalidSetting, "\(error.failureKind)")
    }
  }
}
