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
