import Testing
import svnup

@Suite("Commands")
struct CommandTests {
  /// Parses and validates a command line as the program does before it runs the command.
  private func check(_ words: [String]) throws -> Arguments {
    let (command, rest) = try Program.command(of: words[...])
    let arguments = try Arguments(parsing: rest, for: command)
    try command.validate(arguments)
    return arguments
  }

  private func problem(_ line: String) -> String? {
    do {
      _ = try check(line.split(separator: " ").map(String.init))
      return nil
    } catch {
      return (error as? UsageError)?.message ?? "\(error)"
    }
  }

  @Test("every example is a command line that is accepted")
  func examples() throws {
    for command in Program.commands {
      #expect(!command.examples.isEmpty, "\(command.name)")
      for example in command.examples {
        // As a shell would split it: continued lines joined, what is quoted kept together, what follows > left out.
        let line = example.value.replacing("\\\n", with: " ").split(separator: ">")[0]
        var words: [String] = []
        for (index, part) in line.split(separator: "\"", omittingEmptySubsequences: false).enumerated() {
          words += index % 2 == 1 ? [String(part)] : part.split(separator: " ").map(String.init)
        }
        #expect(words.first == "svnup")
        #expect(throws: Never.self, "\(example.value)") { try _ = check(Array(words.dropFirst())) }
      }
    }
  }

  @Test("no command declares an option twice, and every help is a sentence")
  func declarations() {
    for command in Program.commands {
      let names = command.options.map(\.name)
      #expect(Set(names).count == names.count, "\(command.name)")
      for option in command.options { #expect(option.help.hasSuffix("."), "\(option.spelling)") }
      for place in command.positionals { #expect(place.help.hasSuffix("."), "\(place.name)") }
    }
  }

  @Test("the defaults are those that the documentation names")
  func defaults() throws {
    let line = "prune m --method sparsegpt --sparsity 0.7 --allocation shapley --calibration c --output o"
    let prune = try check(line.split(separator: " ").map(String.init))
    #expect(prune[GameOptions.estimator]?.name == nil)
    #expect(prune[GameOptions.windowLength] == 3)
    #expect(prune[GameOptions.players] == nil)
    #expect(prune[GameOptions.placement] == .averaged)
    #expect(prune[GameOptions.absence] == .pruned)
    #expect(prune[GameOptions.probeMethod].name == "wanda")
    #expect(prune[GameOptions.value] == .nll)
    #expect(prune[PruneCommand.probeSparsity] == nil)
    #expect(prune[PruneCommand.spread] == nil)
    #expect(prune[PruneCommand.scaling] == .exponential)
    #expect(prune[InputOptions.samples] == 128)
    #expect(prune[InputOptions.seed] == 0)
    // What follows the method has no value of its own.
    #expect(prune[PruneCommand.dampening] == nil && prune[PruneCommand.targets] == nil)
    #expect(prune[PruneCommand.blockSize] == 128)
    #expect(
      try check(["prune", "m", "--method", "magnitude", "--sparsity", "1", "--output", "o"])[PruneCommand.allocation]
        == nil)
  }

  @Test("a sparsity is a number from 0 to 1", arguments: ["-0.1", "1.1", "nan", "50", "abc", "", "-nan", "inf"])
  func wrongSparsities(text: String) {
    let message = problem("prune m --method magnitude --output o --sparsity=\(text)")
    #expect(message?.contains("between 0 and 1") == true)
  }

  @Test("sparsity 0 and 1 are allowed", arguments: ["0", "1", "0.0", "1.0", ".5"])
  func rightSparsities(text: String) {
    #expect(problem("prune m --method magnitude --output o --sparsity \(text)") == nil)
  }

  @Test(
    "what prune refuses",
    arguments: [
      ("--sparsity 0.5 --output o", "--method admm needs --calibration FILE"),
      ("--method wanda --output o --calibration c", "one of --sparsity S or --pattern N:M is needed"),
      (
        "--method wanda --output o --calibration c --sparsity 0.5 --pattern 2:4",
        "--sparsity and --pattern exclude each other"
      ),
      ("--method wanda --calibration c --sparsity 0.5", "--output DIR is missing"),
      ("--method wanda --sparsity 0.5 --output o", "--method wanda needs --calibration FILE"),
      ("--method sparsegpt --sparsity 0.5 --output o", "--method sparsegpt needs --calibration FILE"),
      ("--method magnitude --sparsity 0.5 --output o --allocation owl", "--allocation owl needs --calibration FILE"),
      ("--method magnitude --sparsity 0.5 --output o --allocation dlp", "--allocation dlp needs --calibration FILE"),
      (
        "--method magnitude --pattern 2:4 --output o --allocation alphapruning",
        "--pattern gives every block the same sparsity, so it goes with --allocation uniform only"
      ),
      (
        "--method magnitude --sparsity 0.5 --output o --allocation alphapruning --spread auto",
        "--spread auto goes with --allocation shapley"
      ),
      (
        "--method magnitude --sparsity 0.5 --output o --allocation=",
        "--allocation '': must be uniform, owl, dlp, alphapruning, shapley, search or a file"
      ),
      (
        "--method magnitude --sparsity 0.5 --output o --allocation shapley",
        "--allocation shapley needs --calibration FILE"
      ),
      (
        "--method magnitude --sparsity 0.5 --output o --allocation shapley --absence bypassed",
        "--allocation shapley needs --calibration FILE"
      ),
      (
        "--method magnitude --pattern 2:4 --output o --allocation owl",
        "--pattern gives every block the same sparsity, so it goes with --allocation uniform only"
      ),
      (
        "--method magnitude --sparsity 0.5 --output o --spread 0.1",
        "--spread has an effect only with --allocation owl, dlp, alphapruning, shapley or search"
      ),
      ("--method magnitude --sparsity 0.5 --output o --samples 5", "--samples has an effect only with --calibration"),
      ("--method magnitude --sparsity 0.5 --output o --seed 5", "--seed has an effect only with --calibration"),
      (
        "--method magnitude --sparsity 0.5 --output o --sequential stage",
        "--sequential has an effect only with --calibration"
      ),
      (
        "--method magnitude --sparsity 0.5 --output o --sequence-length 5",
        "--sequence-length has an effect only with --calibration or --data"
      ),
      (
        "--method magnitude --sparsity 0.5 --output o --window 3",
        "--window has an effect only with --allocation shapley or search"
      ),
      (
        "--method magnitude --sparsity 0.5 --output o --block-size 64",
        "--block-size has an effect only with --method sparsegpt"
      ),
      (
        "--method wanda --sparsity 0.5 --output o --calibration c --allocation shapley --estimator exact --window 3",
        "--window has an effect only with --estimator window"
      ),
      (
        "--method wanda --sparsity 0.5 --output o --calibration c --allocation shapley --floor 0.6",
        "--sparsity 0.5: no mean of sparsities from 0.6 to 1.0 can be that"
      ),
      (
        "--method wanda --sparsity 0.5 --output o --calibration c --allocation shapley --floor 0.6 --ceiling 0.4",
        "--floor 0.6: the ceiling is 0.4"
      ),
      (
        "--method wanda --sparsity 0.5 --output o --calibration c --allocation shapley --absence bypassed --probe-sparsity 0.5",
        "--probe-sparsity has an effect only with --absence pruned"
      ),
      (
        "--method wanda --sparsity 0.5 --output o --calibration c --generations 5",
        "--generations has an effect only with --allocation search"
      ),
      (
        "--method wanda --sparsity 0.5 --output o --calibration c --allocation shapley --start uniform",
        "--start has an effect only with --allocation search"
      ),
      (
        "--method wanda --sparsity 0.5 --output o --calibration c --allocation search --start uniform --window 3",
        "--window has an effect only with --start values"
      ),
      (
        "--method wanda --sparsity 0.5 --output o --calibration c --allocation search --start uniform --floor 0.3",
        "--floor has an effect only with --start values"
      ),
      (
        "--method wanda --sparsity 0.5 --output o --calibration c --allocation search --start uniform --spread 0.1",
        "--spread has an effect only with --start values"
      ),
      (
        "--method wanda --sparsity 0.5 --output o --calibration c --allocation search --generations 0",
        "--generations 0: must be between 1 and 10000"
      ),
      (
        "--method magnitude --sparsity 0.5 --output o --allocation search --start uniform",
        "--allocation search needs --calibration FILE"
      ),
      (
        "--method wanda --pattern 2:4 --output o --calibration c --allocation search",
        "--pattern gives every block the same sparsity, so it goes with --allocation uniform only"
      ),
      (
        "--method wanda --sparsity 0.5 --output o --calibration c --allocation shaply",
        "--allocation shaply: did you mean shapley? A file of this name is ./shaply"
      ),
    ])
  func pruneRefusals(options: String, message: String) {
    #expect(problem("prune m \(options)") == message)
  }

  @Test(
    "what prune accepts",
    arguments: [
      "--method magnitude --sparsity 0.5 --output o --allocation budget.json --force",
      "--method magnitude --sparsity 0.5 --output o --allocation shapley --absence bypassed --calibration c",
      "--method magnitude --sparsity 0.5 --output o --allocation shapley --probe-method magnitude --calibration c",
      "--method wanda --sparsity 0.5 --output o --calibration c --allocation shapley --probe-method sparsegpt --dampening 0.1",
      "--method wanda --sparsity 0.5 --output o --calibration c --allocation owl --spread 0.08",
      "--method wanda --sparsity 0.5 --output o --calibration c --allocation dlp --spread 0.1",
      "--method magnitude --sparsity 0.5 --output o --allocation alphapruning --spread 0.2",
      "--sparsity 0.5 --output o --calibration c --allocation search --generations 10000 --start values --spread auto",
      "--sparsity 0.5 --output o --calibration c --allocation search --start uniform --journal j",
      "--method wanda --sparsity 0.5 --output o --calibration c --allocation search --values v --journal j",
    ])
  func pruneAcceptances(options: String) {
    #expect(problem("prune m \(options)") == nil)
  }

  @Test("an allocation is a rule or a file")
  func allocations() throws {
    for (text, choice) in [
      ("owl", .owl), ("dlp", .dlp), ("alphapruning", .alphaPruning), ("./owl", .file("./owl")),
      ("b.json", .file("b.json")),
    ] as [(String, AllocationChoice)] {
      let words = ["m", "--method", "magnitude", "--sparsity", "0.5", "--output", "o", "--allocation", text]
      #expect(try Arguments(parsing: words, for: PruneCommand.self)[PruneCommand.allocation] == choice)
    }
  }

  @Test(
    "what the other commands refuse",
    arguments: [
      ("perplexity m", "--data FILE is missing"),
      ("perplexity m --data d --sequence-length 1", "--sequence-length 1: must be between 2 and 1048576"),
      ("shapley m", "--data FILE is missing"),
      ("shapley m --data d --window 0", "--window 0: must be between 1 and 20"),
      (
        "shapley m --data d --estimator exact --placement averaged",
        "--placement has an effect only with --estimator window"
      ),
      (
        "shapley m --data d --absence bypassed --calibration c",
        "--calibration has an effect only with --absence pruned"
      ),
      ("tokenize m text --file f", "TEXT and --file exclude each other"),
      ("tokenize m --jsonl f --file f", "--file and --jsonl exclude each other"),
      ("info m --threads 0", "--threads 0: must be between 1 and 1024"),
    ])
  func otherRefusals(line: String, message: String) {
    #expect(problem(line) == message)
  }
}
