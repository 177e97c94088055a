import Support

/// What a column of a comparison measures.
public enum CompareMeasure: String, CaseIterable, Sendable {
  /// The perplexity of a text: lower is better.
  case perplexity
  /// The fraction of a task's items that are answered rightly: higher is better.
  case accuracy
  /// The same by the probabilities by the byte.
  case accuracyByBytes

  /// Whether a lower figure is a better one.
  package var isLowerBetter: Bool { self == .perplexity }

  /// `perplexity`, `accuracy in %`.
  package var title: String {
    switch self {
    case .perplexity: "perplexity"
    case .accuracy: "accuracy in %"
    case .accuracyByBytes: "accuracy by bytes in %"
    }
  }

  /// A figure, or a difference of two, in the unit that tables have.
  package func inUnit(_ figure: Double) -> Double { self == .perplexity ? figure : 100 * figure }
}

/// What a figure is taken from.
enum CompareSubject: Hashable, Sendable {
  /// A text by its number.
  case text(Int)
  /// A task by its number.
  case task(Int)
  /// All tasks, each with the same weight.
  case allTasks
}

/// A figure, and the numbers that it follows from, by which two models are tested.
struct CompareFigure: Sendable {
  let value: Double
  /// The mean loss of each window of a text, or 1 for each item that is answered rightly and 0 for the others.
  let samples: [Double]

  /// The figure of one model; nil where the text or the task was not measured so, and NaN where it has no number.
  init?(
    _ measure: CompareMeasure, of subject: CompareSubject, texts: [CompareMeasurement], answers: [CompareAnswers]
  ) {
    /// The items of a task; none where an answer had no probability.
    func items(_ answers: CompareAnswers) -> [Double]? {
      if measure == .accuracyByBytes, answers.form == .lastWord { return nil }
      return ((measure == .accuracyByBytes ? answers.isRightByBytes : answers.isRight) ?? []).map { $0 ? 1 : 0 }
    }
    switch subject {
    case .text(let index):
      guard texts.indices.contains(index) else { return nil }
      self.init(value: texts[index].perplexity.perplexity, samples: texts[index].windowMeans)
    case .task(let index):
      guard answers.indices.contains(index), let items = items(answers[index]) else { return nil }
      self.init(value: items.mean, samples: items)
    case .allTasks:
      let tasks = answers.compactMap(items)
      guard !tasks.isEmpty, tasks.count == answers.count else { return nil }
      // An item weighs what makes the mean over all items the mean of the tasks' means.
      let all = Double(tasks.reduce(0) { $0 + $1.count })
      self.init(
        value: tasks.map(\.mean).mean,
        samples: tasks.flatMap { items in
          items.map { $0 * all / Double(tasks.count * items.count) }
        })
    }
  }

  private init(value: Double, samples: [Double]) { (self.value, self.samples) = (value, samples) }
}
