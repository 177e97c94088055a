import Foundation
import Support
import TestSupport
import Testing
import svnup

@Suite("Command line manners")
struct MannersTests {
  let svnup: CommandRunner

  init() throws { svnup = try CommandRunner() }

  @Test("the overview is a screen of 24 lines and names every command")
  func overview() {
    let lines = HelpText(width: 80).overview(of: Program.commands).split(
      separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count <= 24)
    for command in Program.commands {
      let name = command.name.split(separator: " ").last.map(String.init) ?? ""
      #expect(
        lines.contains { $0.contains("  \(name) ") || $0.contains(" \(name),") || $0.contains(" \(name).") }, "\(name)")
    }
  }

  @Test("advanced options are in the whole help only, and all are there")
  func wholeHelp() throws {
    let (short, whole) = (try svnup.run(["help", "prune"]).output, try svnup.run(["prune", "--help-all"]).output)
    #expect(try svnup.run(["help", "prune", "--help-all"]).output == whole)
    let command = try Program.command(of: ["prune"]).command
    let advanced = command.options.filter { $0.isAdvanced && $0.name != "help-all" }
    #expect(advanced.count >= 10)
    for option in command.options {
      let start = "\n  \(option.spelling)\(option.placeholder.map { " \($0)" } ?? " ")"
      #expect(whole.contains(start), "\(option.spelling)")
      #expect(short.contains(start) == !option.isAdvanced, "\(option.spelling)")
    }
    #expect(short.contains("--help-all tells of \(advanced.count) more options."))
  }

  @Test("bold is for terminals, and for who wants it")
  func style() {
    func style(_ isTerminal: Bool, _ environment: [String: String]) -> TextStyle {
      TextStyle(isTerminal: isTerminal) { environment[$0] }
    }
    #expect(style(true, [:]) == .terminal)
    #expect(style(true, ["NO_COLOR": ""]) == .terminal)
    #expect(style(true, ["NO_COLOR": "1"]) == .plain)
    #expect(style(true, ["TERM": "dumb"]) == .plain)
    #expect(style(false, [:]) == .plain)
    #expect(HelpText(width: 80, style: .terminal).overview(of: Program.commands).contains("\u{1B}[1mPrune\u{1B}[0m\n"))
    #expect(!HelpText(width: 80).overview(of: Program.commands).contains("\u{1B}"))
  }

  @Test("a word is quoted for a shell where it has more than plain characters")
  func quoting() throws {
    for word in ["plain", "a/b-c_d.txt", "", "two words", "it's", "$HOME", "a\"b", "é", "*"] {
      let result = try svnup.run(shell: "printf %s \(word.shellWord)")
      #expect(result.output == word)
    }
    #expect("a/b=c,d".shellWord == "a/b=c,d")
  }

  // MARK: Completions

  /// What bash offers for a command line whose last word is being typed.
  private func bash(_ words: [String]) throws -> [String] {
    let list = words.map(\.shellWord).joined(separator: " ")
    let line = """
      command -v bash > /dev/null || exit 77
      "$SVNUP" completions bash > "${TMPDIR:-/tmp}/svnup-completions.$$"
      bash -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _svnup; printf "%s\\n" "${COMPREPLY[@]}"' \
        "${TMPDIR:-/tmp}/svnup-completions.$$" svnup \(list)
      rm "${TMPDIR:-/tmp}/svnup-completions.$$"
      """
    let result = try svnup.run(shell: line)
    try #require(result.status == 0, "\(result.error)")
    return result.output.split(separator: "\n").map(String.init)
  }

  static let hasBash = FileManager.default.fileExists(atPath: "/bin/bash")

  @Test("bash completes commands, options and their words", .enabled(if: hasBash))
  func bashCompletions() throws {
    #expect(try bash(["pr"]) == ["prune"])
    #expect(try bash(["completions", ""]) == ["bash", "zsh", "fish"])
    #expect(try bash(["help", "shapley", ""]) == ["plan", "work", "merge"])
    #expect(try bash(["help", "ver"]) == ["verify"])
    #expect(try bash(["perplexity", "m", "--format", "=", "wik"]) == ["wikitext"])
    #expect(try bash(["perplexity", "m", "--format", "="]).contains("wikitext"))
    try withTemporaryFolder { folder in
      try FileSystem.makeDirectory(Path.join(folder, "my model"))
      #expect(try bash(["info", Path.join(folder, "my")]) == [Path.join(folder, "my model")])
    }
    #expect(try bash(["shapley", "pl"]) == ["plan"])
    #expect(try bash(["prune", "m", "--met"]) == ["--method"])
    #expect(try bash(["prune", "m", "--method", "a"]) == ["admm", "alps"])
    #expect(try bash(["shapley", "plan", "m", "--shar"]) == ["--shards"])
    #expect(try bash(["shapley", "m", "--shar"]) == [])
    #expect(try bash(["help", "ver"]) == ["verify"])
    #expect(try bash(["prune", "m", "--data", Inputs.rows.dropLast(4).description]) == [Inputs.rows])
  }

  @Test("every option is in the script of every shell, and each shell can read it", arguments: ["bash", "zsh", "fish"])
  func scripts(shell: String) throws {
    let script = try svnup.run(["completions", shell]).output
    for command in Program.commands {
      for option in command.options {
        let spelling = shell == "fish" ? "-l \(option.name) " : option.spelling
        #expect((script + " ").contains(spelling), "\(command.name) \(option.name)")
      }
    }
    // Read without being run where the shell is there.
    let check = try svnup.run(
      shell: "command -v \(shell) > /dev/null || exit 0; \"$SVNUP\" completions \(shell) | \(shell) -n /dev/stdin")
    #expect(check.status == 0, "\(check.error)")
    let unknown = try svnup.run(["completions", "tcsh"])
    #expect(unknown.status == 64 && unknown.message.contains("must be bash, zsh or fish"))
  }

  @Test("the manual has every option of every command, and no line that troff takes for a command by mistake")
  func manual() throws {
    let page = try svnup.run(["manual"]).output
    for command in Program.commands {
      #expect(page.contains(".SS svnup \(command.name)"))
      for option in command.options {
        #expect(page.contains("\\fB\(option.spelling.replacing("-", with: "\\-"))\\fR"), "\(option.spelling)")
      }
    }
    let known = [".TH", ".SH", ".SS", ".B", ".I", ".TP", ".PP", ".nf", ".fi", ".RS", ".RE"]
    for line in page.split(separator: "\n") where line.hasPrefix(".") {
      #expect(known.contains { line == $0 || line.hasPrefix($0 + " ") }, "\(line)")
    }
    let check = try svnup.run(
      shell: "command -v groff > /dev/null || exit 0; \"$SVNUP\" manual | groff -man -Tutf8 -ww > /dev/null")
    #expect(check.status == 0 && check.error.isEmpty, "\(check.error)")
  }

  // MARK: What a run would do

  @Test("a dry run tells time, memory and budgets, and writes nothing", arguments: ["magnitude", "wanda", "admm"])
  func dryRun(_ method: String) throws {
    try withTemporaryFolder { folder in
      let output = Path.join(folder, "pruned")
      let words = [
        "prune", Inputs.llama3, "--method", method, "--sparsity", "0.5", "--calibration", Inputs.rows, "--data",
        Inputs.stream, "--sequence-length", "64", "--quiet", "--dry-run",
      ]
      let document = try JSON.parse(Array(svnup.run(words + ["--json", "--output", output]).output.utf8))
      let parts = try #require(document["parts"]?.array)
      let names = parts.map { $0["name"]?.text ?? "" }
      #expect(names.first == "perplexity" && names.last == method)
      #expect(names.contains("Shapley values") == (method == "admm"))
      let sum = parts.reduce(0) { $0 + ($1["seconds"]?.double ?? -1) }
      #expect(abs(sum - (document["seconds"]?.double ?? 0)) < 1e-9 && sum > 0)
      #expect(document["sparsities"]?.doubles == (method == "admm" ? [] : [0.5, 0.5, 0.5, 0.5]))
      #expect(document["calibrationSamples"]?.integer == (method == "magnitude" ? nil : 16))
      #expect(document["memory"]?["predicted"]?.integer ?? 0 > 0)
      #expect(try FileSystem.list(folder).isEmpty)
      let text = try svnup.run(words).output
      #expect(text.contains("memory") && text.contains("budgets"))
    }
  }

  @Test("what a run would refuse, its dry run refuses")
  func dryRefusals() throws {
    let words = ["prune", Inputs.llama3, "--calibration", Inputs.rows, "--quiet", "--dry-run"]
    let pattern = try svnup.run(words + ["--pattern", "3:7"])
    #expect(pattern.status != 0 && pattern.message.contains("7"), "\(pattern.message)")
    // An output that is there, and a page that would never come.
    let existing = try svnup.run(words + ["--sparsity", "0.5", "--output", Inputs.llama1])
    #expect(existing.status == 73 && existing.message.contains("it exists"), "\(existing.message)")
    let page = try svnup.run(words + ["--sparsity", "0.5", "--report", "page.html"])
    #expect(page.status == 64 && page.message.contains("--report has an effect only with a run that prunes"))
    let missing = try svnup.run(["prune", Inputs.llama3, "--sparsity", "0.5", "--dry-run"])
    #expect(missing.status == 64 && missing.message.contains("--calibration"))
    // Off a terminal, a run without an output is a mistake.
    let plain = try svnup.run(["prune", Inputs.llama3, "--sparsity", "0.5", "--calibration", Inputs.rows])
    #expect(plain.status == 64 && plain.message.contains("--output DIR is missing"))
  }

  @Test("an interrupted run names the command that goes on")
  func interruption() throws {
    try withTemporaryFolder { folder in
      let output = Path.join(folder, "a b.json")
      let words = [
        "shapley", Inputs.embedded, "--data", Inputs.text("valid"), "--sequence-length", "128", "--window", "4",
        "--output", output,
      ]
      let errors = Path.join(folder, "errors")
      _ = FileManager.default.createFile(atPath: errors, contents: nil)
      let process = try svnup.start(words, error: FileHandle(forWritingAtPath: errors))
      // The journal is there when values are being taken.
      for _ in 0..<2000 where !FileSystem.exists(output + ".journal") { usleep(5000) }
      process.interrupt()
      process.waitUntilExit()
      #expect(process.terminationStatus == 75)
      let text = String(decoding: try File.contents(of: errors), as: UTF8.self)
      #expect(text.contains("go on with: svnup shapley "), "\(text)")
      #expect(text.contains("--output '\(output)'"), "\(text)")
    }
  }
}
