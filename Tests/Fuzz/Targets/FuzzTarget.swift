import Support

/// One reader of what comes from outside, fed with arbitrary bytes.
///
/// A new target is a file with a type that conforms, its line in `all`, and a folder of seeds.
package protocol FuzzTarget: Sendable {
  /// The name of its folders under `Seeds` and `Findings`, and on the command line of `Scripts/fuzz.sh`.
  static var name: String { get }

  /// A target that may write below `scratch`.
  init(scratch: ScratchFolder) throws

  /// Feeds one input; throws `FuzzFailure` where the reader breaks a promise.
  ///
  /// To refuse the input is no failure, and a trap or an endless loop is noticed by whoever called.
  func check(_ bytes: [UInt8]) throws
}

/// Every target.
package enum FuzzTargets {
  package static let all: [any FuzzTarget.Type] = [
    JSONTarget.self, SafetensorsTarget.self, SafetensorsHeaderTarget.self, ShardIndexTarget.self,
    ConfigurationTarget.self, TokenizerJSONTarget.self, TokenizerModelTarget.self, MergesTarget.self,
    SplitPatternTarget.self, NormalizeTarget.self, TokenizeTarget.self, TokenFileTarget.self,
    TokenArchiveTarget.self, JSONDocumentsTarget.self, AllocationTarget.self, JournalTarget.self, CompareTarget.self,
    ArgumentsTarget.self, ChatTemplateTarget.self, TaskLineTarget.self,
  ]
}

/// A promise that a reader broke.
package struct FuzzFailure: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}

/// Throws `FuzzFailure` unless the condition holds.
func require(_ condition: Bool, _ promise: @autoclosure () -> String) throws(FuzzFailure) {
  guard condition else { throw FuzzFailure(promise()) }
}

/// What the body makes of an input, or nil where it refuses it as every reader must.
///
/// A refusal names `source`, and leads to the exit status of bad data.
func accepted<Value, Refusal: Diagnostic>(
  naming source: String, _ body: () throws(Refusal) -> Value
) throws(FuzzFailure) -> Value? {
  do throws(Refusal) {
    return try body()
  } catch {
    try require(error.description.contains(source), "'\(error)' does not name \(source)")
    try require(error.failureKind == .badData, "'\(error)' leads to exit status \(error.failureKind)")
    return nil
  }
}
