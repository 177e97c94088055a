import Support
import TestSupport
import Testing

@Suite("svnup demo, end to end", .serialized)
struct DemoEndToEndTests {
  let svnup: CommandRunner

  init() throws { svnup = try CommandRunner() }

  @Test("the promised figures, and a directory that gives the same perplexity again", .timeLimit(.minutes(10)))
  func figures() throws {
    try withTemporaryFolder { folder in
      let output = Path.join(folder, "pruned")
      let demo = try svnup.json(["demo", "--output", output])

      let reference = try Fixtures.json(Fixtures.path("demo/results-kjv-llama.json"))
      let dense = try #require(demo["dense"]?["perplexity"]?.double)
      #expect(try abs(dense / #require(reference["dense"]?.double) - 1) <= 1e-5)
      #expect(demo["dense"]?["windows"]?.integer == 80)
      let hash = try SHA256.hexadecimal(ofFile: Inputs.text("test"))
      #expect(demo["dense"]?["text"]?["sha256"]?.text == hash)
      #expect(demo["saved"]?["evaluation"]?["text"]?["sha256"]?.text == hash)
      #expect(demo["shapley"]?["values"]?.doubles.count == 84)
      #expect(demo["shapley"]?["evaluations"]?.integer == 332)

      let runs = try #require(demo["runs"]?.array)
      let names = runs.map { "\($0["method"]?.text ?? "")/\($0["allocation"]?.text ?? "")" }
      let expected =
        ["magnitude", "wanda", "sparsegpt"].flatMap { method in
          ["uniform", "owl", "shapley"].map { "\(method)/\($0)" }
        } + ["admm/shapley"]
      #expect(names == expected)
      let perplexities = try Dictionary(
        uniqueKeysWithValues: zip(names, runs.map { try #require($0["perplexity"]?.double) }))
      let uniform = try #require(perplexities["sparsegpt/uniform"])
      let shapley = try #require(perplexities["sparsegpt/shapley"])
      #expect(shapley <= 0.75 * uniform)
      // What needs no options.
      #expect(try #require(perplexities["admm/shapley"]) <= 0.6 * uniform)
      for run in runs {
        let ratio = try #require(run["ratioToUniformSparseGPT"]?.double)
        #expect(try ratio == #require(run["perplexity"]?.double) / uniform)
      }

      let saved = try #require(demo["saved"])
      #expect(try Fixtures.json(Path.join(output, "svnup.json")).encoded() == saved.encoded())
      #expect(try abs(#require(saved["sparsity"]?.double) - 0.7) < 0.0005)
      #expect(saved["method"]?.text == "admm")
      #expect(saved["targets"]?.text == "dense")
      #expect(saved["sequential"]?.text == "stage")
      #expect(saved["prunedPerplexity"]?.double == perplexities.values.min())
      #expect(demo["reloadedPerplexity"]?.spelling == saved["prunedPerplexity"]?.spelling)
      #expect(try #require(demo["seconds"]?.double) > 0)
      #expect(try FileSystem.list(folder).sorted() == ["pruned", "pruned.html"])
      let page = MarkupReader(try String(contentsOfFile: output + ".html", encoding: .utf8))
      #expect(page.error == nil)
      #expect(page.all("td").contains { $0.text == saved["prunedPerplexity"]?.spelling })

      // The command's own windows: the first 80 of the text.
      let ids = try #require(try svnup.json(["tokenize", output, "--file", Inputs.text("test")])["ids"]).integers
      let windows = Path.join(folder, "windows.npy")
      try Inputs.writeNumpy(Array(ids.prefix(80 * 256)), shape: [80, 256], to: windows)
      let measured = try svnup.json(["perplexity", output, "--data", windows])
      #expect(measured["perplexity"]?.spelling == saved["prunedPerplexity"]?.spelling)
      #expect(try svnup.json(["info", output])["sparsity"]?.double == saved["sparsity"]?.double)
    }
  }

  @Test("an output that exists is refused before anything is computed")
  func existingOutput() throws {
    try withTemporaryFolder { folder in
      let message = try svnup.refusal(["demo", "--output", folder], status: 73)
      #expect(message.contains("it exists; --force replaces it"))
    }
  }
}
