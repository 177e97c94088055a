import ShapleyPrune

package enum VerifyCommand: Command {
  static let directory = Positional.required("DIR", help: "A directory that svnup prune or svnup demo saved.")

  package static let name = "verify"
  package static let family = CommandFamily.prune
  package static let summary = "Read a saved model again and compare it with its record."
  package static let discussion = """
    Compares every file's SHA-256 with svnup.json, the tensors' shapes with config.json, and the zeros of every linear with \
    what was recorded, N:M included; every weight must be finite. The first difference ends it with exit status 65.
    """
  package static let positionals: [any Declaration] = [directory]
  package static let examples: KeyValuePairs = [
    "Check a model after copying it to another machine:": "svnup verify Llama-2-7b-pruned",
    "What was found, for a program:": "svnup verify Llama-2-7b-pruned --json",
  ]

  package static func run(_ arguments: Arguments, console: Console) throws {
    var job = VerifyJob(arguments[directory])
    job.events = console
    let result = try job.run()
    try console.report(result.json, or: result.text)
  }
}
