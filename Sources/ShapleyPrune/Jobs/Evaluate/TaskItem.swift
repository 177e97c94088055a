/// A question of a task, as pairs of a context and a continuation of which one is right.
package struct TaskItem: Sendable, Equatable {
  /// A possible answer: what a model is given, and what it is asked the probability of.
  package struct Choice: Sendable, Equatable {
    var context: String
    var continuation: String
    /// Bytes of the answer without what stands between it and the context.
    var byteCount: Int
  }

  package let choices: [Choice]
  /// The number of the right one.
  package let answer: Int

  /// Several answers behind one context, each after a blank.
  init(_ context: String, _ answers: [String], answer: Int) {
    choices = answers.map { Choice(context: context, continuation: " \($0)", byteCount: $0.utf8.count) }
    self.answer = answer
  }

  /// One continuation behind several contexts.
  init(contexts: [String], _ continuation: String, answer: Int) {
    choices = contexts.map { Choice(context: $0, continuation: continuation, byteCount: continuation.utf8.count) }
    self.answer = answer
  }
}
