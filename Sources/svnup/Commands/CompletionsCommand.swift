import Support

package enum CompletionsCommand: Command {
  package static let shell = Positional.required("SHELL", help: "bash, zsh or fish.")

  package static let name = "completions"
  package static let family = CommandFamily.help
  package static let summary = "Print what completes svnup's commands in bash, zsh or fish."
  package static let positionals: [any Declaration] = [shell]
  package static let examples: KeyValuePairs = [
    "For bash:": "svnup completions bash > ~/.local/share/bash-completion/completions/svnup",
    "For zsh, in a folder of $fpath:": "svnup completions zsh > ~/.zfunc/_svnup",
    "For fish:": "svnup completions fish > ~/.config/fish/completions/svnup.fish",
  ]

  package static func validate(_ arguments: Arguments) throws(UsageError) { _ = try script(arguments) }

  package static func run(_ arguments: Arguments, console: Console) throws {
    let script = try script(arguments)
    try console.report(["shell": JSON(arguments[shell]), "script": JSON(script)], or: script)
  }

  private static func script(_ arguments: Arguments) throws(UsageError) -> String {
    guard let shell = ShellCompletions.Shell(rawValue: arguments[shell]) else {
      let shells = ShellCompletions.Shell.allCases.map(\.rawValue).alternatives
      throw arguments.usageError("SHELL \(arguments[shell]): must be \(shells)")
    }
    return ShellCompletions(Program.commands).script(for: shell)
  }
}

package enum ManualCommand: Command {
  package static let name = "manual"
  package static let family = CommandFamily.help
  package static let summary = "Print the manual page, with every option of every command."
  package static let examples: KeyValuePairs = ["To read it:": "svnup manual > svnup.1; man ./svnup.1"]

  package static func run(_ arguments: Arguments, console: Console) throws {
    let page = ManualPage(Program.commands).text
    try console.report(["manual": JSON(page)], or: page)
  }
}
