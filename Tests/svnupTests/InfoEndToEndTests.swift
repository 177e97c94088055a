import Support
import TestSupport
import Testing

@Suite("svnup info, end to end")
struct InfoEndToEndTests {
  let svnup: CommandRunner

  init() throws { svnup = try CommandRunner() }

  /// What the files hold, worked out from the configurations by hand.
  static let models:
    [(name: String, architecture: String, type: String, shards: Int, all: Int, block: Int, positions: Int)] = [
      ("llama-v1", "llama", "F32", 1, 174_656, 27_136, 128),
      ("llama3-gqa", "llama", "BF16", 4, 193_088, 31_744, 1024),
      ("opt-125m", "opt", "F16", 1, 191_616, 36_864, 128),
    ]

  @Test("the figures are those of the configuration and the files", arguments: models.indices)
  func figures(index: Int) throws {
    let model = Self.models[index]
    let info = try svnup.json(["info", Inputs.model(model.name), "--threads", "2"])
    #expect(info["architecture"]?.text == model.architecture)
    #expect(info["parameters"]?.integer == model.all)
    #expect(info["prunableParameters"]?.integer == 4 * model.block)
    #expect(info["storedTypes"]?.array?.map(\.text) == [model.type])
    #expect(info["shards"]?.integer == model.shards)
    #expect(info["hiddenSize"]?.integer == 64)
    #expect(info["vocabularySize"]?.integer == 512)
    #expect(info["positions"]?.integer == model.positions)
    #expect(info["sparsity"]?.double == 0)
    let blocks = try #require(info["blocks"]?.array)
    #expect(blocks.map { $0["parameters"]?.integer } == Array(repeating: model.block, count: 4))
    #expect(blocks.map { $0["sparsity"]?.double } == [0, 0, 0, 0])
    let perplexity = try #require(info["memory"]?["perplexity"]?.integer)
    #expect(perplexity > model.all)
    let sparseGPT = try #require(info["memory"]?["sparsegpt"]?.integer)
    #expect(sparseGPT > perplexity)
    #expect(try #require(info["memory"]?["prune"]?.integer) > sparseGPT)
    #expect(info["threads"]?.integer == 2)
  }

  @Test("the text form, on standard output only")
  func textForm() throws {
    let result = try svnup.run(["info", Inputs.llama3])
    #expect(result.status == 0)
    #expect(result.error.isEmpty)
    for line in [
      "architecture  llama, 4 blocks, hidden size 64", "parameters    193.09 k, of which prunable 126.98 k",
      "stored as     BF16 in 4 files", "vocabulary    512", "positions     1024",
      "    3     31.74 k  0.00 %",
    ] {
      #expect(("\n" + result.output).contains("\n\(line)\n"), "\(line)\n\(result.output)")
    }
    #expect(result.output.contains("\ntokenizer     none that can be read: \(Inputs.llama3): no tokenizer here"))
    #expect(try svnup.json(["info", Inputs.llama3])["tokenizer"]?.isNull == true)
    let tokenizer = try #require(svnup.json(["info", Inputs.embedded])["tokenizer"])
    #expect(tokenizer["vocabularySize"]?.integer == 1024)
    #expect(tokenizer["files"]?.array?.compactMap(\.text) == ["tokenizer.json", "tokenizer_config.json"])
    let opt = try svnup.run(["info", Inputs.opt])
    #expect(opt.output.contains("architecture  opt, 4 blocks"))
    #expect(opt.output.contains("stored as     F16 in 1 file\n"))
  }

  @Test("the sparsity of every block of a pruned directory is that of its record")
  func pruned() throws {
    try withTemporaryFolder { folder in
      let (file, output) = (Path.join(folder, "budget.json"), Path.join(folder, "pruned"))
      try File.replace(file, with: Array(#"{"blocks": [0, 0.25, 0.5, 1]}"#.utf8))
      let record = try svnup.json(
        ["prune", Inputs.llama3, "--method", "magnitude", "--allocation", file, "--output", output])
      let info = try svnup.json(["info", output])
      let sparsities = try #require(info["blocks"]?.array).map { $0["sparsity"]?.double }
      #expect(sparsities == [0, 0.25, 0.5, 1])
      #expect(sparsities == record["blocks"]?.array?.map { $0["sparsity"]?.double })
      #expect(info["sparsity"]?.double == record["sparsity"]?.double)
      #expect(try svnup.run(["info", output]).output.contains("\n    1     31.74 k   25.00 %\n"))
    }
  }

  @Test("what is no model: one line and status 66 or 65")
  func refusals() throws {
    try withTemporaryFolder { folder in
      #expect(try svnup.refusal(["info", Path.join(folder, "none")], status: 66).contains("none"))
      #expect(try svnup.refusal(["info", folder], status: 66).contains("config.json"))
      let config = Path.join(folder, "config.json")
      try File.replace(config, with: Array(#"{"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]}"#.utf8))
      let message = try svnup.refusal(["info", folder], status: 65)
      #expect(message.contains(config) && message.contains("llama") && message.contains("opt"), "\(message)")
      try File.replace(config, with: Array("{".utf8))
      #expect(try svnup.refusal(["info", folder], status: 65).contains(config))
    }
  }
}
