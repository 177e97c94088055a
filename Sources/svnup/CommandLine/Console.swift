import Support

/// The reader of standard output has gone (`svnup info … | head`): the command ends without a word.
package struct OutputClosed: Error {
  package init() {}
}

/// Where a command speaks: results go to standard output, everything else to standard error.
package struct Console: Sendable {
  /// Whether the result is wanted as JSON.
  package let wantsJSON: Bool
  private let isQuiet: Bool

  package init(wantsJSON: Bool = false, isQuiet: Bool = false) {
    self.wantsJSON = wantsJSON
    self.isQuiet = isQuiet
  }

  /// The console that a command line asks for.
  package init(_ arguments: Arguments) {
    self.init(wantsJSON: arguments[CommonOptions.json], isQuiet: arguments[CommonOptions.quiet])
  }

  /// Writes a line, or several, of the result.
  ///
  /// Throws `OutputClosed` where nobody reads it any more, `FileError` where it cannot be written.
  package func print(_ text: String = "") throws {
    guard try StandardStream.output.send(text + "\n") else { throw OutputClosed() }
  }

  /// Writes a JSON document as the result.
  package func print(_ document: JSON) throws {
    try print(String(decoding: document.encoded(indentation: 2), as: UTF8.self))
  }

  /// Writes the result in the form that was asked for; the other form is not computed.
  package func report(_ document: @autoclosure () throws -> JSON, or text: @autoclosure () throws -> String) throws {
    if wantsJSON { try print(document()) } else { try print(text()) }
  }

  /// Writes a line of news that is no result; nothing with `--quiet`.
  package func note(_ text: String) {
    guard !isQuiet else { return }
    StandardStream.error.write(text.onOneLine + "\n")
  }

  /// Progress of long work on standard error; silent with `--quiet`.
  package func progress(_ label: String, unit: String) -> Progress {
    let style: Progress.Style = isQuiet ? .silent : StandardStream.error.isTerminal ? .terminal : .lines
    return Progress(label, unit: unit, style: style)
  }

  /// How bars are drawn on this terminal.
  package var barStyle: Bar.Style { Bar.Style(environment: Process.environment) }

  /// Tells an error in one line and returns the exit status it leads to.
  package static func exitStatus(reporting error: any Error) -> ExitStatus {
    if error is OutputClosed { return .done }
    let remedy = OutputOptions.remedy(for: error).map { "; \($0)" } ?? ""
    StandardStream.error.write("svnup: \(String(describing: error).abridged.onOneLine)\(remedy)\n")
    return ExitStatus((error as? any Diagnostic)?.failureKind ?? .inputOutput)
  }
}

extension String {
  /// The text with its control characters spelled out: a file name can neither break or turn a line nor steer the terminal.
  package var onOneLine: String {
    var line = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator:
        line.append(contentsOf: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}".unicodeScalars)
      default:
        line.append(scalar)
      }
    }
    return String(line)
  }

  /// The text without its middle where it is very long: a file that quotes itself in a message cannot fill the terminal.
  package var abridged: String {
    guard unicodeScalars.count > 1000 else { return self }
    let (start, end) = (String.UnicodeScalarView(unicodeScalars.prefix(500)), unicodeScalars.suffix(400))
    return "\(String(start)) … \(String(String.UnicodeScalarView(end)))"
  }
}
