import ShapleyPrune

/// The options that `pack` and `unpack` share.
private enum PackOptions {
  static let output = Option<String?>(
    "output", .text("DIR"), isRequired: true, help: "The directory to write: complete, or not at all.")
  static let groups: [OptionGroup] = [("Output", [output, OutputOptions.force])]

  static func run(_ direction: PackJob.Direction, _ directory: String, _ arguments: Arguments, _ console: Console)
    throws
  {
    var job = PackJob(directory, output: try arguments.required(output), direction: direction)
    job.replaces = arguments[OutputOptions.force]
    job.events = console
    let result = try job.run()
    try console.report(result.json, or: result.text)
  }
}

package enum PackCommand: Command {
  static let directory = Positional.required("DIR", help: "A model directory.")

  package static let name = "pack"
  package static let family = CommandFamily.prune
  package static let summary = "Leave the zeros out of a model's files."
  package static let discussion = """
    Every matrix takes its smallest form: all its elements, or those that are not zero with a bit for each place, or with \
    their columns. Nothing is lost: unpack gives the same files back, to the byte. Every command reads a packed directory; \
    other programs do not.
    """
  package static let positionals: [any Declaration] = [directory]
  package static let groups = PackOptions.groups
  package static let examples: KeyValuePairs = [
    "A pruned model: 36 % of BF16's bytes where 70 % is zero:":
      "svnup pack Llama-2-7b-pruned --output Llama-2-7b-packed"
  ]

  package static func run(_ arguments: Arguments, console: Console) throws {
    try PackOptions.run(.pack, arguments[directory], arguments, console)
  }
}

package enum UnpackCommand: Command {
  static let directory = Positional.required("DIR", help: "A directory that svnup pack wrote.")

  package static let name = "unpack"
  package static let family = CommandFamily.prune
  package static let summary = "Put the zeros back: the files that were packed, to the byte."
  package static let positionals: [any Declaration] = [directory]
  package static let groups = PackOptions.groups
  package static let examples: KeyValuePairs = [
    "For programs that read safetensors as they are:":
      "svnup unpack Llama-2-7b-packed --output Llama-2-7b-pruned"
  ]

  package static func run(_ arguments: Arguments, console: Console) throws {
    try PackOptions.run(.unpack, arguments[directory], arguments, console)
  }
}
