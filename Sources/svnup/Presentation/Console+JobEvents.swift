import ShapleyPrune
import Support

extension Progress: JobProgress {}

extension Console: JobEvents {
  /// The progress of a job, on standard error.
  package func begin(_ label: String, unit: String) -> any JobProgress { progress(label, unit: unit) }
}

/// The progress of jobs on a console, without their notes: for work of several jobs.
struct ProgressOnly: JobEvents {
  let console: Console
  /// What stands in front of every label.
  var prefix = ""

  func note(_ text: String) {}
  func begin(_ label: String, unit: String) -> any JobProgress { console.progress(prefix + label, unit: unit) }
}
