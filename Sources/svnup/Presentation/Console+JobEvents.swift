import ShapleyPrune
import Support

extension Progress: JobProgress {}

extension Console: JobEvents {
  /// Progress of long work on standard error; silent with `--quiet`.
  package func begin(_ label: String, unit: String) -> any JobProgress {
    let style: Progress.Style = isQuiet ? .silent : StandardStream.error.isTerminal ? .terminal : .lines
    return Progress(label, unit: unit, style: style)
  }
}

/// The progress of jobs, without their notes: for work of several jobs.
struct ProgressOnly: JobEvents {
  let events: any JobEvents
  /// What stands in front of every label.
  var prefix = ""

  func note(_ text: String) {}
  func begin(_ label: String, unit: String) -> any JobProgress { events.begin(prefix + label, unit: unit) }
}
