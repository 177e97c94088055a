import ShapleyPrune
import Support

extension EvaluateResult.Share {
  fileprivate var json: JSON { ["value": JSON(value), "standardError": standardError.map { JSON($0) } ?? .null] }

  fileprivate var text: String {
    Quantity.percent(value) + (standardError.map { " ± \((100 * $0).fixed(2))" } ?? "")
  }
}

extension EvaluateResult {
  private var json: JSON {
    [
      "task": JSON(task), "form": JSON(form.rawValue), "items": JSON(count), "accuracy": accuracy.json,
      "accuracyByBytes": normalizedAccuracy?.json ?? .null, "perplexity": perplexity.map { JSON($0) } ?? .null,
      "choices": JSON(answers.map(\.choice)),
      "logLikelihoods": .array(answers.map { .array($0.scores.map { JSON($0.logLikelihood) }) }),
    ]
  }

  static func json(_ results: [EvaluateResult]) -> JSON {
    ["tasks": .array(results.map(\.json)), "memory": results.first?.memory?.json ?? .null]
  }

  static func text(_ results: [EvaluateResult]) -> String {
    var table = Table([
      .text("task"), .text("form"), .number("items"), .number("accuracy"), .number("by bytes"), .number("perplexity"),
    ])
    for (name, result) in zip(Path.names(of: results.map(\.task)), results) {
      table.append([
        name, result.form.rawValue, "\(result.count)", result.accuracy.text,
        result.normalizedAccuracy?.text ?? "", result.perplexity?.fixed(3) ?? "",
      ])
    }
    return table.rendered
  }
}
