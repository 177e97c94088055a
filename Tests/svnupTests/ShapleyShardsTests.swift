import Foundation
import Support
import TestSupport
import Testing

@Suite("svnup shapley on many machines")
struct ShapleyShardsTests {
  let svnup: CommandRunner

  init() throws { svnup = try CommandRunner() }

  static let game = [
    Inputs.llama3, "--data", Inputs.stream, "--sequence-length", "64", "--calibration", Inputs.rows, "--players",
    "sublayers", "--window", "3", "--quiet",
  ]

  /// Runs a command that must succeed.
  private func run(_ words: [String], environment: [String: String] = [:]) throws -> String {
    let result = try svnup.run(words + ["--quiet"], environment: environment)
    try #require(result.status == 0, "\(words): \(result.error)")
    return result.output
  }

  private func plan(_ shards: Int, in folder: String, _ more: [String] = []) throws -> String {
    let path = Path.join(folder, "plan.json")
    _ = try run(["shapley", "plan"] + Self.game.dropLast() + more + ["--shards", "\(shards)", "--output", path])
    return path
  }

  @Test("any split of the work gives the file of a single process", arguments: [1, 3, 8])
  func split(_ shards: Int) throws {
    try withTemporaryFolder { folder in
      let (single, merged) = (Path.join(folder, "single.json"), Path.join(folder, "merged.json"))
      let parts = Path.join(folder, "shards")
      _ = try run(["shapley"] + Self.game.dropLast() + ["--output", single])
      let plan = try plan(shards, in: folder)
      for shard in (0..<shards).reversed() {
        _ = try run(["shapley", "work", "--plan", plan, "--out", parts, "--shard", "\(shard)"])
      }
      #expect(try FileSystem.list(parts) == (0..<shards).map { "shard-\($0)-of-\(shards).jsonl" })
      _ = try run(["shapley", "merge", "--plan", plan, parts, "--output", merged])
      #expect(try File.contents(of: merged) == File.contents(of: single))
      let merge = ["shapley", "merge", "--plan", plan, parts, "--quiet", "--force", "--output"]
      for input in [plan, Path.join(parts, "shard-0-of-\(shards).jsonl"), Inputs.rows] {
        #expect(try svnup.refusal(merge + [input], status: 73).contains("it is one of the inputs"))
      }
      // What is no shard may be replaced, beside them, too; where no folder is there yet, all of them are missing.
      for _ in 0..<2 { #expect(try svnup.run(merge + [Path.join(parts, "values.json")]).status == 0) }
      #expect(try svnup.run(["shapley", "merge", "--plan", plan, Path.join(folder, "none"), "--quiet"]).status == 75)
    }
  }

  @Test(
    "the slopes of the diagonal are planned by node and window, and any split gives the file of a single process",
    arguments: [1, 5])
  func diagonal(_ shards: Int) throws {
    try withTemporaryFolder { folder in
      let options = ["--estimator", "diagonal", "--nodes", "2", "--value", "perplexity"]
      let game = Array(Self.game.prefix { $0 != "--players" }) + options
      let (single, merged) = (Path.join(folder, "single.json"), Path.join(folder, "merged.json"))
      let (plan, parts) = (Path.join(folder, "plan.json"), Path.join(folder, "shards"))
      _ = try run(["shapley"] + game + ["--output", single])
      _ = try run(["shapley", "plan"] + game + ["--shards", "\(shards)", "--output", plan])
      for shard in 0..<shards {
        _ = try run(["shapley", "work", "--plan", plan, "--out", parts, "--shard", "\(shard)"])
      }
      _ = try run(["shapley", "merge", "--plan", plan, parts, "--output", merged])
      #expect(try File.contents(of: merged) == File.contents(of: single))
    }
  }

  @Test("random orders can be planned; stopping early cannot")
  func permutations() throws {
    try withTemporaryFolder { folder in
      let options = ["--estimator", "permutation", "--evaluations", "40", "--seed", "3"]
      let game = Array(Self.game.prefix { $0 != "--window" })
      let (single, merged) = (Path.join(folder, "single.json"), Path.join(folder, "merged.json"))
      let plan = Path.join(folder, "plan.json")
      _ = try run(["shapley"] + game + options + ["--output", single])
      _ = try run(["shapley", "plan"] + game + options + ["--shards", "2", "--output", plan])
      for shard in ["0", "1"] {
        _ = try run(["shapley", "work", "--plan", plan, "--out", folder], environment: ["SVNUP_SHARD": shard])
      }
      _ = try run(["shapley", "merge", "--plan", plan, folder, "--output", merged])
      #expect(try File.contents(of: merged) == File.contents(of: single))
      #expect(try Fixtures.json(merged)["standardErrors"]?.doubles.count == 8)
      let words = ["shapley", "plan"] + game + options + ["--tolerance", "1", "--quiet", "--output", folder + "/p"]
      #expect(try svnup.refusal(words, status: 64).contains("--tolerance"))
    }
  }

  @Test("merge names what is missing or damaged as an --array list and writes nothing; doing that again is enough")
  func missing() throws {
    try withTemporaryFolder { folder in
      let plan = try plan(6, in: folder)
      let merge = ["shapley", "merge", "--plan", plan, folder, "--output", Path.join(folder, "values.json"), "--quiet"]
      func work(_ shard: Int) throws {
        _ = try run(["shapley", "work", "--plan", plan, "--out", folder, "--shard", "\(shard)"])
      }
      func expectMissing(_ list: String, _ count: Int) throws {
        let result = try svnup.run(merge)
        #expect(result.status == 75)
        #expect(result.output == list + "\n")
        #expect(result.message == "svnup: \(count) of 6 shards are missing or damaged")
        #expect(!FileSystem.exists(Path.join(folder, "values.json")))
      }
      try expectMissing("0-5", 6)
      for shard in [0, 2, 3] { try work(shard) }
      try expectMissing("1,4-5", 3)
      for shard in [1, 4, 5] { try work(shard) }
      // A bit of one, the end of another, and one in the place of another.
      func path(_ shard: Int) -> String { Path.join(folder, "shard-\(shard)-of-6.jsonl") }
      var bytes = try File.contents(of: path(2))
      let original = bytes
      bytes[bytes.count - 40] ^= 1
      try File.replace(path(2), with: bytes)
      try File.replace(path(4), with: Array(try File.contents(of: path(4)).dropLast(30)))
      try File.replace(path(5), with: try File.contents(of: path(0)))
      try expectMissing("2,4-5", 3)
      for shard in [2, 4, 5] { try work(shard) }
      #expect(try File.contents(of: path(2)) == original)
      _ = try run(Array(merge.dropLast()))
    }
  }

  @Test("a shard that is there takes no second look at the model; two runs of one agree to the bit")
  func again() throws {
    try withTemporaryFolder { folder in
      let model = Path.join(folder, "model")
      try FileManager.default.copyItem(atPath: Inputs.llama1, toPath: model)
      let plan = Path.join(folder, "plan.json")
      let words = ["shapley", "plan", model, "--data", Inputs.rows, "--absence", "bypassed", "--shards", "2"]
      _ = try run(words + ["--output", plan])
      func work(_ name: String) throws -> CommandRunner.Result {
        try svnup.run(["shapley", "work", "--plan", plan, "--out", Path.join(folder, name), "--shard", "1", "--quiet"])
      }
      // Two at once.
      let processes = try (0..<2).map { _ in
        try svnup.start(["shapley", "work", "--plan", plan, "--out", Path.join(folder, "a"), "--shard", "1", "--quiet"])
      }
      for process in processes { process.waitUntilExit() }
      #expect(processes.map(\.terminationStatus) == [0, 0])
      #expect(try work("b").status == 0)
      let name = "shard-1-of-2.jsonl"
      #expect(try FileSystem.list(Path.join(folder, "a")) == [name])
      #expect(
        try File.contents(of: Path.join(folder, "a/\(name)")) == File.contents(of: Path.join(folder, "b/\(name)")))

      // Another model than the one that was planned with: told by the file, before anything is computed.
      let config = Path.join(model, "config.json")
      try File.replace(config, with: try File.contents(of: config) + [UInt8(ascii: "\n")])
      let refused = try work("c")
      #expect(refused.status == 65)
      #expect(refused.message.contains("sha256.model.config.json: the plan was made with"), "\(refused.message)")
      // And no model at all.
      try FileManager.default.removeItem(atPath: model)
      #expect(try work("a").status == 0)
      #expect(try work("c").status == 66)
    }
  }

  @Test("a shard's number comes from the flag or the batch system, and they must agree")
  func numbers() throws {
    try withTemporaryFolder { folder in
      let plan = try plan(2, in: folder)
      let work = ["shapley", "work", "--plan", plan, "--out", folder, "--quiet"]
      func message(_ more: [String], _ environment: [String: String]) throws -> String {
        try svnup.refusal(work + more, status: 64, environment: environment)
      }
      for environment in [[:], ["SVNUP_SHARD": ""]] {
        #expect(try message([], environment).contains("--shard auto: none of SLURM_ARRAY_TASK_ID"))
      }
      #expect(
        try message(["--shard", "1"], ["SLURM_ARRAY_TASK_ID": "0"]).contains(
          "--shard says shard 1, and SLURM_ARRAY_TASK_ID says 0"))
      #expect(
        try message([], ["JOB_COMPLETION_INDEX": "1", "SVNUP_SHARD": "0"]).contains(
          "JOB_COMPLETION_INDEX says shard 1, and SVNUP_SHARD says 0"))
      #expect(try message([], ["SVNUP_SHARD": "2"]).contains("the plan has shards 0 to 1"))
      #expect(try message([], ["SLURM_ARRAY_TASK_ID": "x"]).contains("SLURM_ARRAY_TASK_ID is x"))
      _ = try run(work.dropLast() + ["--shard", "1"], environment: ["SLURM_ARRAY_TASK_ID": "1"])
    }
  }

  @Test("a plan that somebody changed is refused, with the field")
  func changedPlans() throws {
    try withTemporaryFolder { folder in
      let path = try plan(2, in: folder)
      let text = String(decoding: try File.contents(of: path), as: UTF8.self)
      /// The refusal of a plan with another text in it, and with a hash to match where it was `resealed`.
      func refusal(_ old: String, _ new: String, resealed: Bool = false, command: String = "work") throws -> String {
        try #require(text.contains(old))
        var changed = text.replacing(old, with: new)
        if resealed {
          let members = try #require(try JSON.parse(Array(changed.utf8)).object).members
            .map { (String(decoding: $0.key, as: UTF8.self), $0.value) }.filter { $0.0 != "sha256" }
          var hash = SHA256()
          hash.update(JSON(members: members).encoded())
          changed = JSON(members: members + [("sha256", JSON(hash.hexadecimal()))]).document
        }
        try changed.write(toFile: path, atomically: true, encoding: .utf8)
        let words = command == "work" ? ["--out", folder, "--shard", "0"] : [folder]
        return try svnup.refusal(["shapley", command, "--plan", path] + words + ["--quiet"], status: 65)
      }
      for (old, new, field) in [
        ("\"svnupPlan\": 1", "\"svnupPlan\": 9", "svnupPlan"), ("\"shards\": 2", "\"shards\": 0", "shards"),
        ("\"names\"", "\"nomes\"", "names"), ("\"svnupPlan\"", "\"plan9\"", "not a plan"),
        ("\"shards\": 2", "\"shards\": 90", "sha256"), ("\"kernel\": \"", "\"kernel\": \"x", "sha256"),
        ("\"11111110\"", "\"11111111\"", "sha256"), ("\"0.attention\"", "\"\"", "sha256"),
        ("\"value\": \"nll\"", "\"value\": \"perplexity\"", "sha256"),
      ] {
        #expect(try refusal(old, new).contains(field))
        #expect(try refusal(old, new, command: "merge").contains(field))
      }
      #expect(try refusal("\"shards\": 2", "\"shards\": 90", resealed: true).contains("shards"))
      #expect(try refusal("\"11111110\"", "\"11111111\"", resealed: true).contains("coalitions"))
      #expect(try refusal("\"kernel\": \"", "\"kernel\": \"x", resealed: true).contains("kernel x"))
    }
  }
}
