/// How the command ends; the numbers are those of BSD's `sysexits.h`.
package enum ExitStatus: Int32, Sendable {
  case done = 0
  case usage = 64
  case badData = 65
  case noInput = 66
  case cannotCreate = 73
  case inputOutput = 74
  case interrupted = 75
}

/// An error whose description is one line for the user (file, field, offset, remedy) and that knows how the command ends.
package protocol Diagnostic: Error, Sendable, CustomStringConvertible {
  var exitStatus: ExitStatus { get }
}
