import ShapleyPrune

package enum EvaluateCommand: Command {
  package static let tasks = Option<[String]>.repeated(
    "task", .text("FILE"), isRequired: true,
    help: "Questions with their answers, a JSON object a line; may be given several times.")
  package static let items = Option<Int?>(
    "items", .integer(1...1_000_000_000), defaultText: "all", help: "Ask only the first of each task.")

  package static let name = "evaluate"
  package static let family = CommandFamily.understand
  package static let summary = "Measure how many questions a model answers rightly."
  package static let discussion = """
    Every answer is scored by its probability behind the question, as lm-evaluation-harness does it; the most probable one \
    is the model's. The lines of BoolQ, RTE, HellaSwag, WinoGrande, ARC, OpenBookQA, PIQA and LAMBADA are known by their \
    fields; others have question, choices and answer. Nothing is downloaded.
    """
  package static let usage = "MODEL --task FILE [options]"
  package static let positionals: [any Declaration] = [InputOptions.model]
  package static let groups: [OptionGroup] = [("Evaluation", [tasks, items]), ResourceOptions.group]
  package static let examples: KeyValuePairs = [
    "Two tasks, before and after pruning:":
      "svnup evaluate Llama-2-7b-pruned --task arc_easy.jsonl --task boolq.jsonl",
    "The first hundred items, for a program:":
      "svnup evaluate SmolLM2-135M --task hellaswag.jsonl --items 100 --json",
  ]

  package static func run(_ arguments: Arguments, console: Console) throws {
    var job = EvaluateJob(try ModelSource(arguments[InputOptions.model]), tasks: arguments[tasks])
    job.items = arguments[items]
    job.memoryLimit = arguments[ResourceOptions.memory]
    job.events = console
    let results = try job.run()
    try console.report(EvaluateResult.json(results), or: EvaluateResult.text(results))
  }
}
