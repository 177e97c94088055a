import ShapleyPrune
import Support
import Tensor
import TestSupport
import Testing

@Suite("svnup bench, end to end")
struct BenchEndToEndTests {
  let svnup: CommandRunner

  init() throws { svnup = try CommandRunner() }

  private static let short = ["--prompt-tokens", "20", "--tokens", "2", "--rounds", "1"]

  @Test("a dense model has dense figures alone, and says so")
  func dense() throws {
    let json = try svnup.json(["bench", Inputs.embedded] + Self.short)
    let forms = try #require(json["forms"]?.array)
    #expect(forms.count == 1)
    #expect(forms[0]["linears"]?.double == 84)
    #expect(forms[0]["sparseForPrompt"]?.double == 0)
    for key in ["promptTokensPerSecond", "tokensPerSecond", "shareOfBandwidth"] {
      #expect((forms[0][key]?.double ?? 0) > 0, "\(key)")
    }
    #expect((json["bandwidth"]?.double ?? 0) > 0)
    #expect(json["denseFileBytes"]?.double == json["packedFileBytes"]?.double)
    let text = try svnup.run(["bench", Inputs.embedded] + Self.short)
    #expect(text.status == 0)
    #expect(text.output.contains("prompt of 20, tokens a second"))
    #expect(text.error.contains("no linear has enough zeros"))
  }

  @Test("a text of fewer windows than were asked for is told of, and --force without an output is refused")
  func options() throws {
    let words = ["--data", Inputs.rows, "--windows", "100000"]
    let result = try svnup.run(["bench", Inputs.llama3] + Self.short + words)
    #expect(result.status == 0 && result.error.contains("100000 were asked for"), "\(result.error)")
    #expect(try svnup.refusal(["bench", Inputs.embedded, "--force"], status: 64).contains("--report or --charts"))
  }

  @Test("a pruned model and its packed form have the same sizes, and perplexities that agree with and without zeros")
  func pruned() throws {
    try withTemporaryFolder { folder in
      let (pruned, packed) = (Path.join(folder, "pruned"), Path.join(folder, "packed"))
      try prune(in: folder, to: pruned)
      let sizes = try svnup.json(["pack", pruned, "--output", packed])
      let savings = ZeroSavings(of: try ModelSource(pruned).load())
      #expect(savings.linears == WideModel.linears && savings.blocks.count == 2)
      #expect(savings.fasterLinears(for: .manyTokens) == WideModel.linears)
      // Nothing but the linears became smaller.
      let saved = (sizes["denseBytes"]?.double ?? 0) - (sizes["packedBytes"]?.double ?? 0)
      #expect(Double(savings.denseBytes - savings.packedBytes) == saved)
      #expect(abs(savings.sparsity - 0.8) < 1e-3)
      let data = ["--data", Inputs.text("test"), "--windows", "2"]
      for model in [pruned, packed] {
        let json = try svnup.json(["bench", model] + Self.short + data)
        #expect(json["packedFileBytes"]?.double == sizes["packedBytes"]?.double)
        #expect(json["denseFileBytes"]?.double == sizes["denseBytes"]?.double)
        let forms = try #require(json["forms"]?.array)
        #expect(forms.count == 2)
        let perplexities = forms.compactMap { $0["perplexity"]?.double }
        #expect(perplexities.count == 2)
        #expect(abs(perplexities[1] / perplexities[0] - 1) < 1e-5)
        #expect(forms[1]["sparseForPrompt"]?.integer == WideModel.linears)
        // A model that a cache holds writes its text with its zeros.
        #expect(forms[1]["sparseForText"]?.integer == 0 && savings.fasterLinears(for: .oneToken) == 0)
        #expect(forms[1]["weightBytes"]?.double == forms[0]["weightBytes"]?.double)
        let alone = try svnup.json(["perplexity", model] + data)
        #expect(alone["perplexity"]?.double == perplexities[1])
      }
    }
  }

  @Test("weights too small to gain by it are multiplied with their zeros")
  func small() throws {
    try withTemporaryFolder { folder in
      let pruned = Path.join(folder, "pruned")
      _ = try svnup.json(["prune", Inputs.embedded, "--method", "magnitude", "--sparsity", "0.8", "--output", pruned])
      let json = try svnup.json(["bench", pruned] + Self.short)
      #expect(json["forms"]?.array?.count == 1)
      #expect((json["packedFileBytes"]?.double ?? .infinity) < 0.5 * (json["denseFileBytes"]?.double ?? 0))
      // One form is one bar.
      let charts = Path.join(folder, "charts")
      let undrawn = try svnup.run(["bench", pruned, "--charts", charts] + Self.short)
      #expect(undrawn.error.contains("nothing to draw") && !FileSystem.exists(charts), "\(undrawn.error)")
      // Were they large enough, less than half of the memory would hold them; all of it on a kernel that writes texts with zeros.
      let forced = try SmallWeights.$leaveOutZeros.withValue(true) {
        var job = BenchJob(try ModelSource(pruned))
        (job.promptTokens, job.tokens, job.rounds) = (20, 2, 1)
        return try job.run().forms
      }
      try #require(forced.count == 2)
      #expect(forced[1].sparseForPrompt == 84)
      if StoredMatrix.breakEven(.bfloat16, for: .oneToken) < 0.8 {
        #expect(Double(forced[1].weightBytes) < 0.5 * Double(forced[0].weightBytes))
      } else {
        #expect(forced[1].weightBytes == forced[0].weightBytes)
      }
    }
  }

  /// A model of which 80 % is zero.
  private func prune(in folder: String, to output: String, _ options: [String] = []) throws {
    let wide = Path.join(folder, "wide")
    try WideModel.write(to: wide)
    _ = try svnup.json(
      ["prune", wide, "--method", "magnitude", "--sparsity", "0.8", "--output", output] + options)
  }

  @Test("the reports of a pruning and of a measurement say what it bought")
  func reports() throws {
    try withTemporaryFolder { folder in
      let (pruned, page) = (Path.join(folder, "pruned"), Path.join(folder, "page.html"))
      try prune(in: folder, to: pruned, ["--report", page])
      let counted = String(decoding: try File.contents(of: page), as: UTF8.self)
      #expect(counted.contains("What it bought"))
      let savings = ZeroSavings(of: try ModelSource(pruned).load())
      for bytes in [savings.denseBytes, savings.packedBytes] { #expect(counted.contains(Quantity.bytes(bytes))) }
      #expect(counted.contains("\(savings.fasterLinears(for: .oneToken)) of \(WideModel.linears) linears"))
      let charts = Path.join(folder, "charts")
      let words = ["bench", pruned, "--report", page, "--charts", charts] + Self.short
      let refused = try svnup.refusal(words, status: 73)
      #expect(refused.contains("page.html"))
      let json = try svnup.json(words + ["--force"])
      let timed = String(decoding: try File.contents(of: page), as: UTF8.self)
      #expect(timed.contains("pruned, timed") && timed.contains("What it bought"))
      let forms = try #require(json["forms"]?.array)
      #expect(forms.count == 2)
      for form in forms {
        for key in ["tokensPerSecond", "promptTokensPerSecond"] {
          let rate = try #require(form[key]?.double)
          #expect(timed.contains(rate.fixed(1)))
        }
      }
      #expect(try FileSystem.list(charts).count == 3)
    }
  }

  @Test("where zeros break even is measured on request, and drawn")
  func breakEven() throws {
    try withTemporaryFolder { folder in
      let (page, charts) = (Path.join(folder, "page.html"), Path.join(folder, "charts"))
      let words = ["bench", Inputs.embedded] + Self.short
      let json = try svnup.json(words + ["--break-even", "--report", page, "--charts", charts])
      let points = try #require(json["breakEven"]?["points"]?.array)
      #expect(points.map { $0["zeros"]?.double } == BreakEvenCurve.fractions)
      #expect(points.allSatisfy { ($0["textGain"]?.double ?? 0) > 0 && ($0["promptGain"]?.double ?? 0) > 0 })
      // The largest linears are those of the MLP.
      let shape = [json["breakEven"]?["rows"]?.integer, json["breakEven"]?["columns"]?.integer]
      #expect(shape == [352, 128] || shape == [128, 352])
      #expect(String(decoding: try File.contents(of: page), as: UTF8.self).contains("Products without zeros"))
      #expect(try FileSystem.list(charts).count == 1)
      let text = try svnup.run(words + ["--break-even"])
      #expect(text.output.contains("breaks even: text "))
      let unasked = try svnup.json(words)["breakEven"]
      #expect(unasked?.isNull == true)
    }
  }

  @Test("a curve breaks even behind its last point below 1")
  func curves() {
    func breakEven(_ gains: [Double]) -> Double? {
      let points = gains.enumerated().map { BreakEvenCurve.Point(zeros: 0.1 * Double($0 + 1), text: $1, prompt: 0) }
      return BreakEvenCurve(rows: 1, columns: 1, .float32, points).breakEven(\.text)
    }
    #expect(breakEven([0.5, 0.9, 1.1, 2]).map { abs($0 - 0.25) < 1e-12 } == true)
    #expect(breakEven([1.2, 0.75, 1.25]).map { abs($0 - 0.25) < 1e-12 } == true)
    #expect(breakEven([1.5, 2]) == 0.1)
    #expect(breakEven([1.5, 0.99]) == nil)
    #expect(breakEven([]) == nil)
  }

  @Test("what does not fit is refused by its option")
  func refusals() throws {
    let long = try svnup.run(["bench", Inputs.embedded, "--prompt-tokens", "500", "--tokens", "100"])
    #expect(long.status == 64)
    #expect(long.error.contains("--prompt-tokens 500: with 100 more these are more than the model's 512 positions"))
    let reading = try svnup.run(["bench", Inputs.embedded, "--windows", "3"])
    #expect(reading.status == 64)
    #expect(reading.error.contains("--windows"))
  }
}
