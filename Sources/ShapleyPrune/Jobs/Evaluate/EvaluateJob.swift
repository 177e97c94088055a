import Support
import Transformer

/// How many questions of some tasks a model answers rightly, by the probabilities of the answers.
///
///     let results = try EvaluateJob(ModelSource("SmolLM2-135M"), tasks: ["arc_easy.jsonl"]).run()
///     print(results[0].accuracy.value, "±", results[0].accuracy.standardError ?? .nan)
///
/// An answer's score is the sum of the logarithms of its tokens' probabilities behind the question, as in lm-evaluation-harness (Gao et
/// al., 2021). Documentation/Evaluate.md has the forms of a task.
public struct EvaluateJob: Sendable {
  /// The model.
  public var model: ModelSource
  /// Files of JSON lines, an item each.
  public var tasks: [String]
  /// Only the first items of each; nil for all.
  public var items: Int?
  /// Bytes that the run may take, for which fewer items pass the model at a time; nil for no limit.
  public var memoryLimit: Int?
  /// Who is told how the work goes.
  public var events: any JobEvents = SilentEvents()

  /// An evaluation on all items of some tasks.
  public init(_ model: ModelSource, tasks: [String]) { (self.model, self.tasks) = (model, tasks) }

  /// Reads the tasks and the model, and asks.
  ///
  /// Throws `SettingError` for fewer items than one and for a memory limit that cannot be kept, `DocumentError` where a line is no item of a
  /// known form, an answer does not fit the model or its probability is no number, and what reading the model throws.
  ///
  /// - Parameter loaded: a model that was made of this one, such as one that a program pruned, which is used in the form that it has; memory
  ///   is predicted for the weights of the directory all the same. Nil to read the weights.
  /// - Returns: a result for each task, in their order.
  public func run(on loaded: (any CausalLM)? = nil) throws -> [EvaluateResult] {
    // Whatever is wrong with a task or the tokenizer is told before the weights are read.
    let prepared = try PreparedTask.prepare(tasks, items: items, for: model, events: events)
    let plan = try QuestionPlan(prepared, of: model, for: .manyTokens, limit: memoryLimit)
    plan.announce(events)
    let language = try loaded ?? model.load(for: .manyTokens, events: events)
    return try prepared.map { task in
      var result = task.ask(language, pass: plan.pass, events: events)
      if let item = result.firstUnanswered {
        throw DocumentError(
          "\(task.path): item \(item + 1)",
          reason: "the probability of an answer is not a finite number: the activations of the model overflow")
      }
      result.memory = plan.budget
      return result
    }
  }
}
