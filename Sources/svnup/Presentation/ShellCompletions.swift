/// Scripts that complete command lines in shells, made from the declarations that also drive the parser.
package struct ShellCompletions {
  package enum Shell: String, CaseIterable, Sendable { case bash, zsh, fish }

  private let commands: [any Command.Type]

  package init(_ commands: [any Command.Type]) { self.commands = commands }

  /// The script that a shell reads.
  package func script(for shell: Shell) -> String {
    switch shell {
    case .bash: bash
    case .zsh: zsh
    case .fish: fish
    }
  }

  /// Commands of their own, and the second words of those that have parts.
  private var firstWords: [String] { commands.filter { $0.whole == nil }.map { $0.name } + ["help"] }

  private func parts(of name: String) -> [String] {
    commands.filter { $0.whole == name }.compactMap { $0.name.split(separator: " ").last.map(String.init) }
  }

  private var bash: String {
    let cases = commands.map { command in
      let values = command.options.filter { !$0.words.isEmpty }.map { option in
        "        \(option.spelling)) COMPREPLY=($(compgen -W '\(option.words.joined(separator: " "))' -- \"$cur\")); return ;;"
      }
      let free = command.options.filter { $0.words.isEmpty && $0.placeholder != nil && !$0.takesPath }.map(\.spelling)
      let paths = command.options.filter(\.takesPath).map(\.spelling)
      var lines = ["    '\(command.name)')", "      case \"$prev\" in"] + values
      if !paths.isEmpty {
        lines.append("        \(paths.joined(separator: "|"))) _svnup_files; return ;;")
      }
      if !free.isEmpty { lines.append("        \(free.joined(separator: "|"))) return ;;") }
      lines.append("      esac")
      lines.append("      words='\(command.options.map(\.spelling).joined(separator: " "))'")
      let parts = parts(of: command.name)
      if !parts.isEmpty { lines.append("      [ \"$COMP_CWORD\" -eq 2 ] && parts='\(parts.joined(separator: " "))'") }
      if command.name == CompletionsCommand.name {
        let shells = Shell.allCases.map(\.rawValue).joined(separator: " ")
        lines.append(
          "      [ \"$COMP_CWORD\" -eq 2 ] && { COMPREPLY=($(compgen -W '\(shells)' -- \"$cur\")); return; }")
      }
      return (lines + ["      ;;"]).joined(separator: "\n")
    }
    let pairs = commands.filter { $0.whole != nil }.map { "'\($0.name)'" }.joined(separator: "|")
    let wholes = commands.map { $0.name }.filter { !parts(of: $0).isEmpty }.map { name in
      "      \(name)) words='\(parts(of: name).joined(separator: " "))' ;;"
    }
    return """
      # bash completion of svnup; written by 'svnup completions bash'
      # Names of files, which may have blanks.
      _svnup_files() {
        local IFS=$'\\n'
        COMPREPLY+=($(compgen -f -- "$cur"))
      }
      _svnup() {
        local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words= parts= command=${COMP_WORDS[1]}
        COMPREPLY=()
        # bash takes --option=value apart.
        [ "$cur" = = ] && cur=
        [ "$prev" = = ] && prev=${COMP_WORDS[COMP_CWORD-2]}
        if [ "$COMP_CWORD" -eq 1 ]; then
          COMPREPLY=($(compgen -W '\(firstWords.joined(separator: " ")) --version' -- "$cur")); return
        fi
        if [ "$command" = help ]; then
          [ "$COMP_CWORD" -eq 2 ] && words='\(firstWords.joined(separator: " "))'
          [ "$COMP_CWORD" -eq 3 ] && case "${COMP_WORDS[2]}" in
      \(wholes.joined(separator: "\n"))
          esac
          COMPREPLY=($(compgen -W "$words" -- "$cur")); return
        fi
        case "$command ${COMP_WORDS[2]}" in
          \(pairs)) [ "$COMP_CWORD" -gt 2 ] && command="$command ${COMP_WORDS[2]}" ;;
        esac
        case "$command" in
      \(cases.joined(separator: "\n"))
        esac
        case "$cur" in
          -*) COMPREPLY=($(compgen -W "$words" -- "$cur")) ;;
          *) COMPREPLY=($(compgen -W "$parts" -- "$cur")); _svnup_files ;;
        esac
      }
      complete -o filenames -F _svnup svnup
      """
  }

  private var zsh: String {
    let cases = commands.map { command in
      let specifications = command.options.map { option -> String in
        let values =
          option.words.isEmpty ? option.takesPath ? "_files" : " " : "(\(option.words.joined(separator: " ")))"
        let argument = option.placeholder.map { ":\($0.zsh):\(values)" } ?? ""
        let repeats = option.isRepeated ? "*" : ""
        return "        '\(repeats)\(option.spelling)[\(option.summary.zsh)]\(argument)'"
      }
      let parts = parts(of: command.name)
      let first = parts.isEmpty ? "_files" : "{ compadd \(parts.joined(separator: " ")); _files }"
      return
        (["    '\(command.name)')", "      _arguments \\"] + specifications.map { $0 + " \\" } + [
          "        '*:file:\(first)'", "      ;;",
        ]).joined(separator: "\n")
    }
    let described = commands.filter { $0.whole == nil }.map { "      '\($0.name):\($0.summary.zsh)'" }
    let pairs = commands.filter { $0.whole != nil }.map { "'\($0.name)'" }.joined(separator: "|")
    return """
      #compdef svnup
      # zsh completion of svnup; written by 'svnup completions zsh'
      _svnup() {
        local -a commands
        commands=(
      \(described.joined(separator: "\n"))
        )
        if (( CURRENT == 2 )); then _describe command commands; compadd help; return; fi
        local command=$words[2]
        if [[ $command == help ]]; then _describe command commands; return; fi
        case "$command $words[3]" in
          \(pairs)) (( CURRENT > 3 )) && command="$command $words[3]" ;;
        esac
        case "$command" in
      \(cases.joined(separator: "\n"))
        esac
      }
      _svnup "$@"
      """
  }

  private var fish: String {
    var lines = [
      "# fish completion of svnup; written by 'svnup completions fish'",
      "complete -c svnup -f -n __fish_use_subcommand -a help",
    ]
    for command in commands where command.whole == nil {
      lines.append(
        "complete -c svnup -f -n __fish_use_subcommand -a \(command.name) -d '\(command.summary.fish)'")
      let parts = parts(of: command.name)
      if !parts.isEmpty {
        lines.append(
          "complete -c svnup -n '__fish_seen_subcommand_from \(command.name)' -a '\(parts.joined(separator: " "))'")
      }
      // Parts have the options of the whole and a few of their own.
      var known: Set<String> = []
      let own = commands.filter { $0.name == command.name || $0.whole == command.name }
      for option in own.flatMap({ $0.options }) where known.insert(option.name).inserted {
        var line = "complete -c svnup -n '__fish_seen_subcommand_from \(command.name)' -l \(option.name)"
        if !option.words.isEmpty {
          line += " -x -a '\(option.words.joined(separator: " "))'"
        } else if option.placeholder != nil {
          line += option.takesPath ? " -r -F" : " -x"
        }
        lines.append(line + " -d '\(option.summary.fish)'")
      }
    }
    return lines.joined(separator: "\n")
  }
}

extension OptionDeclaration {
  /// The first sentence of the help, as shells show it beside the option.
  fileprivate var summary: String {
    let sentence = help.pieces(between: ". ")[0]
    return sentence.last == "." ? String(sentence.dropLast()) : sentence
  }
}

extension String {
  /// The text between single quotes in a specification of `_arguments`, where brackets and colons mean something.
  fileprivate var zsh: String {
    reduce(into: "") { text, character in
      switch character {
      case "'": text += "'\\''"
      case "[", "]", ":", "\\": text += "\\\(character)"
      default: text.append(character)
      }
    }
  }

  /// The text between single quotes.
  fileprivate var fish: String {
    reduce(into: "") { text, character in
      text += character == "'" || character == "\\" ? "\\\(character)" : "\(character)"
    }
  }
}
