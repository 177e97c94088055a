import Support
import Tensor
import TestSupport
import Testing

/// Whether the system counts what this process alone has resident.
private let hasMemoryCounts = FileSystem.exists("/proc/self/status")

/// The prediction that is made before a run, the limit that a user sets, and what the system counted in the end.
@Suite("svnup's memory, end to end", .enabled(if: hasMemoryCounts))
struct MemoryEndToEndTests {
  static let opt = Fixtures.path("demo/kjv-opt")
  static let test = ["--data", Inputs.text("test"), "--sequence-length", "256"]
  static let valid = ["--data", Inputs.text("valid"), "--sequence-length", "256", "--windows", "16", "--window", "2"]
  static let samples = ["--calibration", Inputs.text("calibration"), "--sequence-length", "256"]

  static let search = ["--allocation", "search", "--start", "uniform", "--generations", "2"]

  /// Command lines behind the model; DIR stands for an output.
  static let runs: [[String]] = [
    ["perplexity"] + test,
    // One choice for each token: no model here ends its text by that, so that all room is used.
    ["generate", "In the beginning", "--tokens", "400", "--temperature", "1", "--top-k", "1"],
    ["evaluate", "--task", Fixtures.path("tasks/arc.jsonl"), "--task", Fixtures.path("tasks/choices.jsonl")],
    ["bench", "--prompt-tokens", "20", "--tokens", "2", "--rounds", "1", "--windows", "2"] + test.prefix(2),
    ["shapley", "--absence", "bypassed"] + valid,
    ["shapley", "--absence", "pruned"] + valid,
    ["prune", "--method", "magnitude", "--sparsity", "0.5"],
    ["prune", "--method", "wanda", "--sparsity", "0.5"] + samples,
    ["prune", "--method", "sparsegpt", "--sparsity", "0.5", "--allocation", "owl"] + samples,
    ["prune", "--method", "magnitude", "--sparsity", "0.5", "--allocation", "alphapruning"],
    ["prune", "--method", "wanda", "--sparsity", "0.5"] + search + samples,
    ["prune", "--method", "sparsegpt", "--sparsity", "0.5"] + search + samples,
  ]

  let svnup: CommandRunner

  init() throws { svnup = try CommandRunner() }

  private struct Outcome {
    let json: JSON
    let notes: [String]
    /// Every file that was saved.
    let files: [String: [UInt8]]

    func figure(_ name: String) throws -> Int { try #require(json["memory"]?[name]?.integer) }
  }

  private func run(_ words: [String], model: String = Inputs.embedded) throws -> Outcome {
    try withTemporaryFolder { folder in
      let output = Path.join(folder, "pruned")
      let isPruning = words[0] == "prune"
      let result = try svnup.run(
        [words[0], model] + words.dropFirst() + ["--json"] + (isPruning ? ["--output", output] : []))
      try #require(result.status == 0, "\(result.error)")
      var files: [String: [UInt8]] = [:]
      if isPruning {
        for name in try FileSystem.list(output) where name.hasSuffix(".safetensors") {
          files[name] = try File.contents(of: Path.join(output, name))
        }
      }
      let notes = result.error.split(separator: "\n").map(String.init).filter { $0.hasPrefix("memory: ") }
      return Outcome(json: try JSON.parse(Array(result.output.utf8)), notes: notes, files: files)
    }
  }

  @Test("the prediction is within 15 % of the peak, and 4 MiB for the program itself", arguments: runs)
  func prediction(words: [String]) throws {
    for model in [Inputs.embedded, Self.opt] {
      let outcome = try run(words, model: model)
      if words[0] == "generate" { try #require(outcome.json["tokens"]?.array?.count == 400) }
      let (predicted, peak) = (try outcome.figure("predicted"), try outcome.figure("peak"))
      #expect(Double(abs(predicted - peak)) <= 0.15 * Double(peak) + 0x1p22, "\(predicted) for \(peak)")
      #expect(outcome.notes.count == 1)
      #expect(outcome.notes.first?.hasPrefix("memory: about ") == true)
    }
  }

  @Test("questions of many lengths take no more than is said, however many there are")
  func manyLengths() throws {
    try withTemporaryFolder { folder in
      let text = String(decoding: try File.contents(of: Inputs.text("valid")), as: UTF8.self)
      let words = text.split(separator: " ").prefix(4000).map(String.init)
      func piece(_ start: Int, _ count: Int) -> String {
        words[start % 3800..<start % 3800 + count].joined(separator: " ")
      }
      let lines = (0..<90).map { index in
        let choices = (1...4).map { JSON(piece(index * 31 + $0, 1 + (index * 13 + $0 * 7) % 30)) }
        let item: JSON = [
          "question": JSON(piece(index * 17, 5 + index * 37 % 90)), "choices": .array(choices),
          "answer": JSON(index % 4),
        ]
        return String(decoding: item.encoded(), as: UTF8.self)
      }
      let file = Path.join(folder, "questions.jsonl")
      try File.replace(file, with: Array(lines.joined(separator: "\n").utf8))
      let outcome = try run(["evaluate", "--task", file])
      let (predicted, peak) = (try outcome.figure("predicted"), try outcome.figure("peak"))
      #expect(Double(abs(predicted - peak)) <= 0.15 * Double(peak) + 0x1p22, "\(predicted) for \(peak)")
    }
  }

  @Test("within a limit, fewer texts go on at a time, the peak is lower, and the texts are the same")
  func fewerTexts() throws {
    try withTemporaryFolder { folder in
      let file = Path.join(folder, "prompts.jsonl")
      let lines = (1...9).map { #"{"prompt": "\#(String(repeating: "And it came to pass, ", count: 6 * $0))"}"# }
      try File.replace(file, with: Array(lines.joined(separator: "\n").utf8))
      let words = ["generate", "--prompts", file, "--tokens", "80", "--batch", "8"]
      for model in [Inputs.embedded, Self.opt] {
        let free = try run(words, model: model)
        let (predicted, peak) = (try free.figure("predicted"), try free.figure("peak"))
        #expect(Double(abs(predicted - peak)) <= 0.15 * Double(peak) + 0x1p22, "\(predicted) for \(peak)")
        let limit = predicted * 3 / 4
        let held = try run(words + ["--memory", "\(limit >> 20)MiB"], model: model)
        #expect(try held.figure("peak") < peak - peak / 8)
        #expect(held.notes.last?.contains("instead of 8") == true)
        let texts = [free, held].map { $0.json["texts"]?.array?.map { $0["tokens"]?.array?.map(\.integer) } }
        #expect(texts[0] == texts[1] && texts[0]?.count == 9)
      }
    }
  }

  @Test("a batch that is faster with the zeros has them, unless memory does not hold them")
  func zerosOfBatches() throws {
    func isSparse(_ tokens: Int) -> Bool { StoredMatrix.breakEven(.bfloat16, for: ProductUse(tokens: tokens)) < 0.8 }
    try withTemporaryFolder { folder in
      let (wide, packed) = (Path.join(folder, "wide"), Path.join(folder, "packed"))
      try WideModel.writeLarge(to: wide)
      _ = try svnup.json(["pack", wide, "--output", packed])
      let file = Path.join(folder, "prompts.jsonl")
      let lines = (1...12).map { #"{"prompt": "\#(String(repeating: "And it came to pass, ", count: $0))"}"# }
      try File.replace(file, with: Array(lines.joined(separator: "\n").utf8))
      func run(
        _ batch: String, tokens: String = "192", _ options: [String] = []
      ) throws -> (predicted: Int, error: String) {
        let words = ["generate", packed, "--prompts", file, "--json", "--tokens", tokens, "--batch", batch]
        let result = try svnup.run(words + options)
        try #require(result.status == 0, "\(result.error)")
        return (try #require(try JSON.parse(Array(result.output.utf8))["memory"]?["predicted"]?.integer), result.error)
      }
      let (without, with) = ("linears are multiplied without their zeros", "linears are multiplied with their zeros")
      let (one, twelve) = (try run("1"), try run("12"))
      #expect(one.error.contains(without) == isSparse(1))
      guard isSparse(1), !isSparse(12) else {
        #expect(!twelve.error.contains(with))
        return
      }
      #expect(twelve.error.contains(with) && !twelve.error.contains(without))
      let short = try run("12", tokens: "191")
      #expect(short.error.contains(without) && twelve.predicted > short.predicted + 40 << 20)
      let held = try run("12", ["--memory", "\((short.predicted + twelve.predicted) >> 21)MiB"])
      #expect(held.error.contains(without) && !held.error.contains("texts that go on at a time"))
    }
  }

  @Test("within a limit, strips are shorter, the peak is lower, and the results are the same to the bit")
  func shorterStrips() throws {
    let runs: [[String]] = [
      ["perplexity"] + Self.test, ["shapley"] + Self.valid,
      ["prune", "--method", "sparsegpt", "--sparsity", "0.5", "--samples", "32"] + Self.samples,
    ]
    for words in runs {
      let free = try run(words)
      #expect(try free.figure("stripRows") == 4096)
      let limit = try free.figure("peak") * 2 / 3
      let held = try run(words + ["--memory", "\(limit >> 20)MiB"])
      #expect(try held.figure("stripRows") < 4096)
      #expect(try held.figure("predicted") <= limit)
      #expect(try held.figure("peak") <= limit + limit / 8)
      #expect(held.notes.count == 2)
      #expect(held.notes.last?.contains("tokens instead of 4096") == true)
      #expect(held.json["memory"]?["calibrationStates"]?.text == "F32")
      #expect(held.files == free.files)
      for key in ["perplexity", "values"] { #expect(held.json[key]?.encoded() == free.json[key]?.encoded()) }
    }
  }

  @Test("the last resort is to round the calibration states; what would not help is refused, with what is needed")
  func lastResort() throws {
    let words = ["prune", "--method", "wanda", "--sparsity", "0.5"] + Self.samples
    let target = ["--output", "/tmp/svnup-memory-test-\(FileSystem.processIdentifier)"]
    let message = try svnup.refusal(
      [words[0], Inputs.embedded] + words.dropFirst() + target + ["--memory", "20MiB"], status: 64)
    // svnup: --memory 20.00 MiB: this run needs about 41.00 MiB, …
    #expect(message.hasPrefix("svnup: --memory 20.00 MiB: this run needs about "))
    let needed = try #require(message.split(separator: "about ").last?.prefix { $0 != " " })
    let held = try run(words + ["--memory", "\(needed)MiB"])
    #expect(held.json["memory"]?["calibrationStates"]?.text == "BF16")
    #expect(held.json["calibrationStates"]?.text == "BF16")
    #expect(held.notes.last?.contains("BF16, which changes the results a little") == true)
    let free = try run(words)
    #expect(free.json["calibrationStates"]?.text == "F32")
    #expect(free.files != held.files, "rounding shows")
    #expect(free.json["sparsity"]?.spelling == held.json["sparsity"]?.spelling)
  }

  @Test(
    "sizes are read with their unit", arguments: ["4", "4XB", "-1GiB", "nanG", "1.5.0GiB", "GiB", "1KiB", "1e3MiB"])
  func malformedSizes(size: String) throws {
    let message = try svnup.refusal(
      ["perplexity", Inputs.llama3, "--data", Inputs.stream, "--memory=\(size)"], status: 64)
    #expect(message.contains("--memory"))
  }

  @Test(
    "a unit is binary with an i or alone, decimal with a B alone",
    arguments: [
      ("1.5GiB", 1_610_612_736), ("2G", 2_147_483_648), ("2g", 2_147_483_648), ("1500MB", 1_500_000_000),
      ("512MiB", 536_870_912), ("1TB", 1_000_000_000_000), ("300000K", 307_200_000),
    ])
  func sizes(text: String, bytes: Int) throws {
    let outcome = try run(
      ["perplexity", "--data", Inputs.stream, "--sequence-length", "64", "--memory", text], model: Inputs.llama3)
    #expect(try outcome.figure("limit") == bytes)
  }
}
