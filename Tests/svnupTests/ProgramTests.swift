import Testing
import svnup

@Suite("The executable")
struct ProgramTests {
  let svnup: CommandRunner

  init() throws { svnup = try CommandRunner() }

  static let names = [
    "demo", "info", "tokenize", "perplexity", "shapley", "shapley plan", "shapley work", "shapley merge", "prune",
    "verify", "pack", "unpack", "generate", "evaluate",
  ]

  @Test("help of every command, in its three spellings, is the same text with an example", arguments: names)
  func helpOfACommand(name: String) throws {
    let words = name.split(separator: " ").map(String.init)
    let result = try svnup.run(["help"] + words)
    #expect(result.status == 0)
    #expect(result.error.isEmpty)
    #expect(result.output.contains("Usage: svnup \(name)"))
    #expect(result.output.contains("\n    svnup \(name)"))
    for option in ["--json", "--quiet", "--threads N", "--help"] { #expect(result.output.contains("  \(option) ")) }
    for rest in [["--help"], ["-h"], ["--bogus", "--help"]] {
      let other = try svnup.run(words + rest)
      #expect(other.status == 0)
      #expect(other.output == result.output)
    }
  }

  @Test("the overview lists every command")
  func overview() throws {
    let result = try svnup.run(["help"])
    #expect(result.status == 0)
    for name in Self.names where !name.contains(" ") { #expect(result.output.contains("\n  \(name) ")) }
    for word in ["--help", "-h"] { #expect(try svnup.run([word]).output == result.output) }
  }

  @Test("no command: the overview on standard error, and no success")
  func noCommand() throws {
    let result = try svnup.run([])
    #expect(result.status == 64)
    #expect(result.output.isEmpty)
    #expect(try result.error == svnup.run(["help"]).output)
  }

  @Test("--version")
  func version() throws {
    #expect(try svnup.refusal(["--version", "--json"], status: 64).contains("--version: it stands alone"))
    #expect(try svnup.run(["--help", "prune"]).output == svnup.run(["help", "prune"]).output)
    let result = try svnup.run(["--version"])
    #expect(result.status == 0)
    #expect(result.output == "svnup \(Program.version)\n")
  }

  @Test(
    "a wrong command line is answered in one line with status 64",
    arguments: [
      (["prun"], "unknown command prun, did you mean prune? (see 'svnup help')"),
      (["quantise"], "unknown command quantise (see 'svnup help')"),
      (["version"], "unknown command version, did you mean --version? (see 'svnup help')"),
      (["--versoin"], "unknown option --versoin, did you mean --version? (see 'svnup help')"),
      (["--json", "info"], "--json: the command comes first, its options follow (see 'svnup help')"),
      (["help", "shapely"], "unknown command shapely, did you mean shapley? (see 'svnup help')"),
      (["info"], "MODEL is missing (see 'svnup help info')"),
      (
        ["prune", "m", "--sparsty", "0.5"],
        "unknown option --sparsty, did you mean --sparsity? (see 'svnup help prune')"
      ),
      (["info", "m", "--thr\u{1B}[2J\nx"], "unknown option --thr\\u{1B}[2J\\u{A}x (see 'svnup help info')"),
    ])
  func usageErrors(words: [String], message: String) throws {
    let result = try svnup.run(words)
    #expect(result.status == 64)
    #expect(result.output.isEmpty)
    #expect(result.message == "svnup: \(message)")
  }

  @Test("a reader that goes away ends the command without a word")
  func closedPipe() throws {
    // The inner shell's status travels by file descriptor 3: a pipeline tells only that of its last command.
    let result = try svnup.run(shell: #"{ { sleep 0.1; "$SVNUP" help prune; echo "status $?" >&3; } | true; } 3>&2"#)
    #expect(result.error == "status 0\n")
  }

  @Test(
    "an output that cannot be written is told, with status 74", .enabled(if: CommandRunner.hasFullDevice))
  func fullDevice() throws {
    let result = try svnup.run(shell: #"exec "$SVNUP" help > /dev/full"#)
    #expect(result.status == 74)
    #expect(result.message.hasPrefix("svnup: standard output: cannot write: "))
  }
}
