import Support
import TestSupport
import Testing

@Suite("svnup prune, what it does by itself, end to end")
struct PruneDefaultsTests {
  let runner: PruneRunner

  init() throws { runner = try PruneRunner() }

  @Test("without a method it is ADMM with dense targets, stage by stage, shared by values on the diagonal")
  func defaults() throws {
    try withTemporaryFolder { folder in
      let words = ["prune", Inputs.model("llama3-gqa"), "--calibration", Inputs.rows]
      func record(_ name: String, _ options: [String]) throws -> JSON {
        try runner.svnup.json(words + options + ["--output", Path.join(folder, name)])
      }
      let usual = try record("usual", ["--sparsity", "0.6"])
      let spelled = try record(
        "spelled",
        [
          "--sparsity", "0.6", "--method", "admm", "--targets", "dense", "--sequential", "stage", "--allocation",
          "shapley",
          "--estimator", "diagonal", "--nodes", "4", "--dampening", "0.1", "--penalty", "1", "--iterations", "20",
        ])
      for (key, word) in [("method", "admm"), ("targets", "dense"), ("sequential", "stage")] {
        #expect(usual[key]?.text == word)
      }
      #expect(usual["allocation"]?["shapley"]?["estimator"]?.text == "diagonal")
      #expect(usual["blocks"]?.encoded() == spelled["blocks"]?.encoded())
      let groups = try record("groups", ["--pattern", "2:4"])
      #expect(groups["allocation"]?["rule"]?.text == "uniform")
      #expect(groups["sparsity"]?.double == 0.5)
      let published = try record("published", ["--sparsity", "0.6", "--method", "sparsegpt"])
      for (key, word) in [("targets", "own"), ("sequential", "block")] { #expect(published[key]?.text == word) }
      #expect(published["allocation"]?["rule"]?.text == "uniform")
    }
  }

  @Test("the probe of the best settings stops at 60 %, that of the published ones is the target")
  func probeCeiling() throws {
    try withTemporaryFolder { folder in
      func probe(_ name: String, _ options: [String]) throws -> Double? {
        let (record, _) = try runner.prune(
          ["--allocation", "shapley", "--estimator", "diagonal", "--nodes", "1"] + options, to: folder, name: name)
        return record["allocation"]?["shapley"]?["probeSparsity"]?.double
      }
      let cases: [(String, [String], Double)] = [
        ("best", ["--sparsity", "0.8"], 0.6), ("less", ["--sparsity", "0.5"], 0.5),
        ("asked", ["--sparsity", "0.8", "--probe-sparsity", "0.75"], 0.75),
        ("published", ["--sparsity", "0.8", "--method", "sparsegpt"], 0.8),
      ]
      for (name, options, expected) in cases {
        let found = try probe(name, options)
        #expect(found == expected, "\(name)")
      }
    }
  }

  @Test("outputs weighted by gradients are pruned otherwise, and the weighting is on record")
  func weighting() throws {
    try withTemporaryFolder { folder in
      func saved(_ weighting: String, _ method: String) throws -> [UInt8] {
        let options = ["--method", method, "--sparsity", "0.5", "--allocation", "uniform", "--weighting", weighting]
        let (record, output) = try runner.prune(options, to: folder, name: "\(method)-\(weighting)")
        #expect(record["weighting"]?.text == weighting)
        try runner.expectZeros(of: record, in: output, model: Inputs.llama3)
        #expect(try runner.svnup.run(["verify", output, "--quiet"]).status == 0)
        return try FileSystem.list(output).filter { $0.hasSuffix(".safetensors") }.reduce(into: []) {
          $0 += try File.contents(of: Path.join(output, $1))
        }
      }
      for method in ["magnitude", "admm"] {
        let (equal, weighted) = (try saved("equal", method), try saved("gradient", method))
        #expect(equal != weighted, "\(method)")
      }
    }
  }

  @Test("the diagonal's options are refused where they would do nothing")
  func diagonalRefusals() throws {
    let words = ["shapley", Inputs.opt, "--data", Inputs.stream, "--sequence-length", "64"]
    let bypassed = try runner.svnup.refusal(words + ["--estimator", "diagonal", "--absence", "bypassed"], status: 64)
    #expect(bypassed.contains("--estimator diagonal: it goes with --absence pruned only"))
    let nodes = try runner.svnup.refusal(words + ["--nodes", "3"], status: 64)
    #expect(nodes.contains("--estimator diagonal"))
  }
}
