import ShapleyPrune
import Support
import Tensor

/// The program: finds the command, parses its arguments, runs it and answers with an exit status.
package enum Program {
  package static let version = Version.current
  package static let purpose = """
    svnup prunes language models (LLaMA, Mistral, Qwen2, Qwen3, OPT), giving every part the sparsity that \
    its Shapley value deserves.
    """

  /// What the program is for, in a line.
  static let headline = "svnup prunes language models, giving each part the sparsity its value earns."

  /// Every command, in the order in which the overview lists them.
  package static var commands: [any Command.Type] {
    [
      DemoCommand.self, InfoCommand.self, TokenizeCommand.self, PerplexityCommand.self, ShapleyCommand.self,
      ShapleyPlanCommand.self, ShapleyWorkCommand.self, ShapleyMergeCommand.self, ExplainCommand.self,
      PruneCommand.self, VerifyCommand.self, PackCommand.self, UnpackCommand.self, GenerateCommand.self,
      EvaluateCommand.self, BenchCommand.self,
      CompareCommand.self, ComparePlanCommand.self, CompareWorkCommand.self, CompareMergeCommand.self,
      CompletionsCommand.self, ManualCommand.self,
    ]
  }

  /// Carries out a command line, given without the program's own name.
  static func run(_ words: [String]) -> Int32 {
    // A reader that goes away is told by the failing write, so that temporary files are removed on the way out.
    Process.keepStandardStreams()
    Process.ignoreWriteSignals()
    do { return try dispatch(words) } catch { return Console.exitStatus(reporting: error) }
  }

  private static func dispatch(_ words: [String]) throws -> Int32 {
    let console = Console()
    guard let first = words.first else {
      StandardStream.error.write(HelpText(width: StandardStream.error.columns).overview(of: commands) + "\n")
      return FailureKind.invalidSetting.exitStatus
    }
    switch first {
    case "--version":
      if words.count > 1 { throw UsageError("--version: it stands alone") }
      try console.print("svnup \(version)")
    case "help", "--help", "-h": try help(words.dropFirst(), console)
    case _ where first.hasPrefix("-"): throw unknownOption(first)
    default:
      let (command, rest) = try command(of: words[...])
      let asked = rest.prefix { $0 != "--" }
      if asked.contains(where: { Self.helpWords.contains($0) || $0 == Self.wholeHelp }) {
        try help(
          command.name.split(separator: " ").map(String.init) + asked.filter { $0 == Self.wholeHelp }, console)
      } else {
        let arguments = try Arguments(parsing: rest, for: command)
        try command.validate(arguments)
        // What was asked for and cannot be had is an error, not a slower run.
        if let problem = Kernel.environmentProblem { throw UsageError(problem) }
        try Parallel.$threadCount.withValue(arguments[CommonOptions.threads] ?? Parallel.threadCount) {
          try run(command, arguments)
        }
      }
    }
    return 0
  }

  /// Runs a command; a value that turns out to be wrong only beside the model still points to the command's own help.
  private static func run(_ command: any Command.Type, _ arguments: Arguments) throws {
    do {
      let console = Console(wantsJSON: arguments[CommonOptions.json], isQuiet: arguments[CommonOptions.quiet])
      try command.run(arguments, console: console)
    } catch let error as UsageError where error.command == nil {
      throw UsageError(error.message, command: command.name)
    } catch let error as SettingError {
      throw UsageError(error, command: command.name)
    }
  }

  private static func help(_ words: some Collection<String>, _ console: Console) throws {
    let renderer = HelpText(width: StandardStream.output.columns, style: .ofOutput)
    let topics: [String] = words.filter { !Self.helpWords.contains($0) && $0 != Self.wholeHelp && $0 != "help" }
    guard !topics.isEmpty else { return try console.print(renderer.overview(of: commands)) }
    let (command, rest) = try command(of: topics[...])
    guard rest.isEmpty else { throw UsageError("help takes one COMMAND") }
    try console.print(renderer.help(for: command, all: words.contains(Self.wholeHelp)))
  }

  /// How help is asked for among options.
  private static let helpWords = [CommonOptions.help.spelling, "-h"]
  private static let wholeHelp = CommonOptions.helpAll.spelling

  /// The command that words begin with, and the words behind its name, which has one word or two.
  package static func command(
    of words: ArraySlice<String>
  ) throws(UsageError) -> (command: any Command.Type, rest: [String]) {
    let name = words.prefix(2).joined(separator: " ")
    if words.count > 1, let command = commands.first(where: { $0.name == name }) {
      return (command, Array(words.dropFirst(2)))
    }
    return (try command(named: words.first ?? ""), Array(words.dropFirst()))
  }

  private static func command(named name: String) throws(UsageError) -> any Command.Type {
    if let command = commands.first(where: { $0.name == name }) { return command }
    let names = commands.map { $0.name } + ["help"]
    let question = name == "version" ? ", did you mean --version?" : Suggestion.question(for: name, among: names)
    throw UsageError("unknown command \(name)\(question ?? "")")
  }

  private static func unknownOption(_ word: String) -> UsageError {
    let name = String(word.drop { $0 == "-" })
    return Suggestion.question(for: name, among: ["help", "version"], prefix: "--")
      .map { UsageError("unknown option \(word)\($0)") }
      ?? UsageError("\(word): the command comes first, its options follow")
  }
}
