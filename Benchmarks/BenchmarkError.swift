import Support

/// Why a benchmark did not run to its end.
enum BenchmarkError: Diagnostic {
  /// The build is not optimised.
  case debugBuild
  /// The command line cannot be carried out as it was typed.
  case usage(String)
  /// A result that differs from the oracle's.
  case wrongResult(String)
  /// A file that is not what it should be.
  case badFile(String, reason: String)

  var failureKind: FailureKind {
    switch self {
    case .debugBuild, .usage: .invalidSetting
    case .wrongResult, .badFile: .badData
    }
  }

  /// What is wrong, in one line.
  var description: String {
    switch self {
    case .debugBuild: "a debug build says nothing about speed: swift run -c release Benchmarks"
    case .usage(let problem): "\(problem) (see 'Benchmarks --help')"
    case .wrongResult(let what): "\(what): a figure for it would say nothing"
    case .badFile(let path, let reason): "\(path): \(reason)"
    }
  }
}
