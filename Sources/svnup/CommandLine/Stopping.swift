import ShapleyPrune
import Support

/// How SIGTERM and SIGINT end a command that can go on later.
enum Stopping {
  /// A token that says to stop once such a signal has come; outside of a game the signal ends the process at once.
  ///
  /// Only where something is kept: a run that keeps nothing is ended by the system.
  static func token(keepsMeasurements: Bool) -> StopToken {
    guard keepsMeasurements else { return StopToken() }
    Termination.watch(
      endingWith: FailureKind.interrupted.exitStatus,
      saying: "svnup: interrupted; go on with: \(CommandLine.typed.abridged.onOneLine)\n")
    return StopToken(polling: Termination.isRequested, atEnd: Termination.endDeferring)
  }
}
