import Support

/// The reader of standard output has gone (`svnup info … | head`): the command ends without a message.
struct OutputClosed: Error {}

/// Where a command writes: results go to standard output, everything else to standard error.
package struct Console: Sendable {
  /// Whether the result is wanted as JSON.
  var wantsJSON = false
  var isQuiet = false

  /// Writes a line, or several, of the result.
  ///
  /// Throws `OutputClosed` where the reader has gone, `FileError` where it cannot be written.
  func print(_ text: String = "") throws {
    guard try StandardStream.output.send(text + "\n") else { throw OutputClosed() }
  }

  /// Writes a JSON document as the result.
  func print(_ document: JSON) throws {
    try print(String(decoding: document.encoded(indentation: 2), as: UTF8.self))
  }

  /// Writes the result in the form that was asked for; the other form is not computed.
  func report(_ document: @autoclosure () throws -> JSON, or text: @autoclosure () throws -> String) throws {
    if wantsJSON { try print(document()) } else { try print(text()) }
  }

  /// Writes a line of news that is no result; nothing with `--quiet`.
  package func note(_ text: String) {
    guard !isQuiet else { return }
    StandardStream.error.write(text.onOneLine + "\n")
  }

  /// How bars are drawn on this terminal.
  var barStyle: Bar.Style { Bar.Style(environment: Process.environment) }

  /// Columns of the terminal that results go to; nil where they go elsewhere.
  var width: Int? { StandardStream.output.isTerminal ? StandardStream.output.columns : nil }

  /// Tells an error in one line and returns the exit status it leads to.
  static func exitStatus(reporting error: any Error) -> Int32 {
    if error is OutputClosed { return 0 }
    let remedy = OutputOptions.remedy(for: error).map { "; \($0)" } ?? ""
    StandardStream.error.write("svnup: \(String(describing: error).abridged.onOneLine)\(remedy)\n")
    return ((error as? any Diagnostic)?.failureKind ?? .inputOutput).exitStatus
  }
}

extension FailureKind {
  /// The status that a failure leads to; the numbers are those of BSD's `sysexits.h`.
  var exitStatus: Int32 {
    switch self {
    case .invalidSetting: 64
    case .badData: 65
    case .noInput: 66
    case .cannotCreate: 73
    case .inputOutput: 74
    case .interrupted: 75
    }
  }
}

extension String {
  /// The text with its control characters spelled out, so that a file name cannot break a line or control the terminal.
  var onOneLine: String {
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

  /// The text without its middle where it is very long, so that what a message quotes cannot fill the terminal.
  var abridged: String {
    guard unicodeScalars.count > 1000 else { return self }
    let (start, end) = (String.UnicodeScalarView(unicodeScalars.prefix(500)), unicodeScalars.suffix(400))
    return "\(String(start)) … \(String(String.UnicodeScalarView(end)))"
  }
}
