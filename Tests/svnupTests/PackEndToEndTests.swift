import Foundation
import Support
import Tensor
import TestSupport
import Testing

@Suite("svnup pack and unpack, end to end")
struct PackEndToEndTests {
  let svnup: CommandRunner

  init() throws { svnup = try CommandRunner() }

  /// The names and bytes of a folder's files.
  private func contents(_ folder: String) throws -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    for name in try FileSystem.list(folder) { files[name] = try File.contents(of: Path.join(folder, name)) }
    return files
  }

  /// Two folders have the same files.
  private func expectSame(_ first: String, _ second: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let (before, after) = (try contents(first), try contents(second))
    #expect(before.keys.sorted() == after.keys.sorted(), sourceLocation: sourceLocation)
    for (name, bytes) in before {
      let isSame = after[name] == bytes
      #expect(isSame, "\(name)", sourceLocation: sourceLocation)
    }
  }

  @Test(
    "a pruned model comes back to the byte, sharded or not, and is verified in both forms",
    arguments: [(Inputs.llama3, "0.7"), (Inputs.opt, "0.5"), (Inputs.embedded, "0.97"), (Inputs.embedded, "2:4")])
  func roundTrip(model: String, target: String) throws {
    try withTemporaryFolder { folder in
      let (pruned, packed, back) = (
        Path.join(folder, "pruned"), Path.join(folder, "packed"), Path.join(folder, "back")
      )
      let goal = target.contains(":") ? ["--pattern", target] : ["--sparsity", target]
      _ = try svnup.json(["prune", model, "--method", "magnitude", "--output", pruned] + goal)
      let result = try svnup.json(["pack", pruned, "--output", packed])
      let dense = try #require(result["denseBytes"]?.integer)
      let stored = try #require(result["packedBytes"]?.integer)
      #expect(stored < dense)
      let names = try FileSystem.list(packed).filter { $0.hasSuffix(".safetensors") }
      #expect(!names.isEmpty && names.allSatisfy { $0.hasSuffix(".packed.safetensors") })
      #expect(try svnup.run(["verify", packed]).status == 0)
      _ = try svnup.json(["unpack", packed, "--output", back])
      try expectSame(pruned, back)
      #expect(try svnup.run(["verify", back]).status == 0)
      #expect(try svnup.refusal(["pack", packed, "--output", Path.join(folder, "x")], status: 65).contains("already"))
      #expect(
        try svnup.refusal(["unpack", back, "--output", Path.join(folder, "x")], status: 65).contains("not packed"))
    }
  }

  @Test("a packed file beside the dense one, which counts, is named")
  func both() throws {
    try withTemporaryFolder { folder in
      let (pruned, packed) = (Path.join(folder, "pruned"), Path.join(folder, "packed"))
      _ = try svnup.json(
        ["prune", Inputs.embedded, "--method", "magnitude", "--sparsity", "0.7", "--output", pruned])
      _ = try svnup.json(["pack", pruned, "--output", packed])
      let (dense, other) = ("model.safetensors", "model.packed.safetensors")
      try File.replace(Path.join(packed, dense), with: try File.contents(of: Path.join(pruned, dense)))
      let result = try svnup.run(["info", packed])
      #expect(result.status == 0)
      #expect(result.error.contains("\(Path.join(packed, other)): it is not read, because \(dense) is there"))
    }
  }

  @Test("numbered shards without an index are packed, too, and found again")
  func numbered() throws {
    try withTemporaryFolder { folder in
      let (model, packed, back) = (
        Path.join(folder, "model"), Path.join(folder, "packed"), Path.join(folder, "back")
      )
      try FileSystem.makeDirectory(model)
      for (name, bytes) in try contents(Inputs.llama3) where name == "config.json" || name.hasPrefix("model-") {
        try File.replace(Path.join(model, name), with: bytes)
      }
      _ = try svnup.json(["pack", model, "--output", packed])
      #expect(try svnup.run(["info", packed]).status == 0)
      _ = try svnup.json(["unpack", packed, "--output", back])
      try expectSame(model, back)
      // Dense shards beside packed ones count, as single files do.
      for (name, bytes) in try contents(packed) where name.hasSuffix(".safetensors") {
        try File.replace(Path.join(back, name), with: bytes)
      }
      let both = try svnup.run(["info", back])
      #expect(
        both.status == 0 && both.error.contains("it is not read, because the dense shards are there and go before it"))
    }
  }

  @Test("a dense shard among packed ones is refused")
  func mixed() throws {
    try withTemporaryFolder { folder in
      let packed = Path.join(folder, "packed")
      _ = try svnup.json(["pack", Inputs.llama3, "--output", packed])
      let names = try FileSystem.list(packed).filter { $0.hasSuffix(".packed.safetensors") }
      let name = try #require(names.first)
      let dense = name.replacing(".packed", with: "")
      try File.replace(Path.join(packed, name), with: try File.contents(of: Path.join(Inputs.llama3, dense)))
      let error = try svnup.refusal(["info", packed], status: 65)
      #expect(error.contains("\(Path.join(packed, name)): it is dense, but"), "\(error)")
    }
  }

  @Test("damage to a packed file is told of that file")
  func damage() throws {
    try withTemporaryFolder { folder in
      let (pruned, packed) = (Path.join(folder, "pruned"), Path.join(folder, "packed"))
      _ = try svnup.json(["prune", Inputs.llama1, "--method", "magnitude", "--sparsity", "0.7", "--output", pruned])
      _ = try svnup.json(["pack", pruned, "--output", packed])
      let file = Path.join(packed, "model.packed.safetensors")
      let bytes = try File.contents(of: file)
      try File.replace(file, with: Array(bytes.dropLast()))
      #expect(try svnup.refusal(["verify", packed, "--quiet"], status: 65).contains(file))
      var changed = bytes
      changed[bytes.count - 1] ^= 1
      try File.replace(file, with: changed)
      #expect(try svnup.refusal(["verify", packed, "--quiet"], status: 65).contains("SHA-256"))
    }
  }

  @Test("values of a packed model are those of the dense one: by their files, too")
  func hashes() throws {
    try withTemporaryFolder { folder in
      let (pruned, packed) = (Path.join(folder, "pruned"), Path.join(folder, "packed"))
      // In four files with an index.
      _ = try svnup.json(["prune", Inputs.llama3, "--method", "magnitude", "--sparsity", "0.8", "--output", pruned])
      _ = try svnup.json(["pack", pruned, "--output", packed])
      let records = try [pruned, packed].map { model in
        try svnup.json([
          "shapley", model, "--data", Inputs.stream, "--sequence-length", "64", "--players", "blocks", "--absence",
          "bypassed", "--estimator", "exact",
        ])
      }
      let hashes = try records.map { try #require($0["sha256"]).document }
      #expect(hashes[0] == hashes[1])
      #expect(hashes[0].contains("model.safetensors.index.json"))
      let values = records.map { $0["values"]?.document }
      #expect(values[0] != nil && values[0] == values[1])
    }
  }

  @Test("a packed model has the perplexity of the dense one, and can be pruned again")
  func commands() throws {
    try withTemporaryFolder { folder in
      let (pruned, packed) = (Path.join(folder, "pruned"), Path.join(folder, "packed"))
      _ = try svnup.json(["prune", Inputs.llama3, "--method", "magnitude", "--sparsity", "0.7", "--output", pruned])
      _ = try svnup.json(["pack", pruned, "--output", packed])
      let losses = try [pruned, packed].map { model in
        let json = try svnup.json(["perplexity", model, "--data", Inputs.stream, "--sequence-length", "64"])
        return try #require(json["meanNLL"]?.double)
      }
      #expect(losses[0] == losses[1])
      let info = try [pruned, packed].map { try svnup.json(["info", $0])["sparsity"]?.double }
      #expect(info[0] == info[1])
      for (name, model) in [("again", pruned), ("from-packed", packed)] {
        _ = try svnup.json([
          "prune", model, "--method", "magnitude", "--sparsity", "0.8", "--output", Path.join(folder, name),
        ])
      }
      let (first, second) = (try contents(Path.join(folder, "again")), try contents(Path.join(folder, "from-packed")))
      for name in first.keys where name != "svnup.json" {
        let isSame = first[name] == second[name]
        #expect(isSame, "\(name)")
      }
    }
  }
}
