import Foundation
import Support
import TestSupport
import Testing

@Suite("What svnup prune refuses, end to end")
struct PruneRefusalTests {
  let svnup: CommandRunner

  init() throws { svnup = try CommandRunner() }

  static let magnitude = ["prune", Inputs.llama3, "--method", "magnitude", "--sparsity", "0.5"]

  /// Whether a shell can start a command that a folder's permissions bind, which those of root do not.
  static let canDropPrivileges: Bool = {
    guard getuid() == 0 else { return true }
    let line = "setpriv --bounding-set=-dac_override,-dac_read_search true 2> /dev/null"
    return (try? CommandRunner().run(shell: line).status) == 0
  }()

  /// Copies a model to a folder of its own.
  private func copy(_ model: String, to folder: String) throws -> String {
    let copy = Path.join(folder, "model")
    try FileManager.default.copyItem(atPath: model, toPath: copy)
    return copy
  }

  @Test("Case 56: the model's own directory, under any name, stays as it is")
  func outputIsInput() throws {
    try withTemporaryFolder { folder in
      let model = try copy(Inputs.llama3, to: folder)
      let link = Path.join(folder, "link")
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: model)
      let before = try SavedModel.files(model)
      let words = ["prune", model, "--method", "magnitude", "--sparsity", "0.5", "--force", "--output"]
      for output in [model, model + "/", Path.join(folder, "./model/../model"), link, link + "/", folder] {
        let message = try svnup.refusal(words + [output], status: 73)
        #expect(message == "svnup: \(output): cannot create: it is the model's own directory, or holds it")
      }
      // The model is given by its link, the output by its own name.
      let linked = ["prune", link, "--method", "magnitude", "--sparsity", "0.5", "--force", "--output", model]
      #expect(try svnup.refusal(linked, status: 73).contains("it is the model's own directory"))
      #expect(try SavedModel.files(model) == before)
      #expect(try Set(FileSystem.list(folder)) == ["model", "link"])
    }
  }

  @Test("Case 57: an output that cannot be made is refused before the model is read")
  func unusableOutput() throws {
    try withTemporaryFolder { folder in
      let existing = Path.join(folder, "existing")
      try FileSystem.makeDirectory(existing)
      let file = Path.join(folder, "file")
      try "text".write(toFile: file, atomically: true, encoding: .utf8)
      let cases = [
        ([existing], "it exists; --force replaces it"),
        ([file, "--force"], "something that is not a folder is there"),
        ([Path.join(folder, "none/new")], "the folder \(folder.trimmedSlash)/none does not exist"),
        ([Path.join(file, "new")], "the folder \(file) does not exist"),
      ]
      for (output, reason) in cases {
        // One line: the note about the model has not come.
        let message = try svnup.refusal(Self.magnitude + ["--output"] + output, status: 73)
        #expect(message == "svnup: \(output[0]): cannot create: \(reason)")
      }
      #expect(try FileSystem.list(existing).isEmpty)
    }
  }

  @Test(
    "Case 57: a folder without write permission is refused before the model is read", .enabled(if: canDropPrivileges))
  func unwritableParent() throws {
    try withTemporaryFolder { folder in
      let parent = Path.join(folder, "parent")
      try FileSystem.makeDirectory(parent)
      try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: parent)
      defer { try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: parent) }
      let drop = getuid() == 0 ? "setpriv --bounding-set=-dac_override,-dac_read_search " : ""
      let words = (Self.magnitude + ["--output", "\(parent)/new"]).map { "'\($0)'" }.joined(separator: " ")
      let result = try svnup.run(shell: "exec \(drop)\"$SVNUP\" \(words)")
      #expect(result.status == 73)
      #expect(result.message == "svnup: \(parent)/new: cannot create: the folder \(parent) is not writable")
    }
  }

  @Test(
    "Case 55: an allocation file that does not fit the model is bad data",
    arguments: [
      (#"{"blocks": [0.5, 0.5, 0.5]}"#, "blocks: it has 3 numbers; the model has 4 blocks"),
      (#"{"blocks": [0.5, 0.5, 1.5, 0.5]}"#, "blocks[2]: 1.5 is not between 0 and 1"),
      (#"{"blocks": [0.5, -0.5, 0.5, 0.5]}"#, "blocks[1]: -0.5 is not between 0 and 1"),
      (#"{"blocks": [0.5, "0.5", 0.5, 0.5]}"#, "blocks[1]: it is a string, not a number"),
      (#"{"blocks": 0.5}"#, "blocks: it is a number, not an array"),
      (#"{"sparsities": []}"#, "blocks: it is missing"),
      ("[0.5, 0.5, 0.5, 0.5]", "it is an array, not an object"),
      (#"{"blocks": [0.5, nan, 0.5, 0.5]}"#, "not valid JSON at byte 17"),
      ("", "not valid JSON at byte 0"),
    ])
  func allocationFile(text: String, reason: String) throws {
    try withTemporaryFolder { folder in
      let file = Path.join(folder, "budget.json")
      try text.write(toFile: file, atomically: true, encoding: .utf8)
      let words = ["prune", Inputs.llama3, "--method", "magnitude", "--quiet", "--allocation", file]
      let message = try svnup.refusal(words + ["--output", Path.join(folder, "new")], status: 65)
      #expect(message.contains("\(file): "))
      #expect(message.contains(reason), "\(message)")
      #expect(try FileSystem.list(folder) == ["budget.json"])
    }
  }

  @Test("a sparsity that disagrees with the allocation file is a usage error, one that agrees is fine")
  func disagreement() throws {
    try withTemporaryFolder { folder in
      let file = Path.join(folder, "budget.json")
      try #"{"blocks": [0.4, 0.5, 0.6, 0.7]}"#.write(toFile: file, atomically: true, encoding: .utf8)
      let words = [
        "prune", Inputs.llama3, "--method", "magnitude", "--allocation", file, "--output", Path.join(folder, "new"),
      ]
      let message = try svnup.refusal(words + ["--quiet", "--sparsity", "0.6"], status: 64)
      #expect(message.contains("--sparsity 0.6: the allocation in \(file) comes to 0.5500"))
      let record = try svnup.json(words + ["--sparsity", "0.55"])
      #expect(try abs(#require(record["sparsity"]?.double) - 0.55) < 0.0005)
      let missing = try svnup.refusal(
        Self.magnitude + ["--quiet", "--allocation", "none.json", "--output", Path.join(folder, "other")], status: 66)
      #expect(missing.contains("none.json"))
    }
  }

  @Test(
    "Case 51: a pattern that does not divide the columns is bad data, told with the linear", arguments: ["2:5", "5:7"])
  func indivisible(pattern: String) throws {
    try withTemporaryFolder { folder in
      let words = [
        "prune", Inputs.llama3, "--method", "magnitude", "--pattern", pattern, "--quiet", "--output",
        Path.join(folder, "new"),
      ]
      let message = try svnup.refusal(words, status: 65)
      #expect(message.contains("64") && message.contains("model.layers.0.self_attn.q_proj"), "\(message)")
      #expect(try FileSystem.list(folder).isEmpty)
    }
  }

  @Test(
    "a calibration text that is missing from the command line is a usage error",
    arguments: [
      (["--method", "wanda"], "--method wanda"),
      (["--method", "sparsegpt"], "--method sparsegpt"),
      (["--method", "magnitude", "--allocation", "owl"], "--allocation owl"),
      (["--method", "magnitude", "--allocation", "dlp"], "--allocation dlp"),
      (["--method", "magnitude", "--allocation", "shapley"], "--allocation shapley"),
      (["--method", "magnitude", "--allocation", "search"], "--allocation search"),
    ])
  func noCalibration(options: [String], reason: String) throws {
    let words = ["prune", Inputs.llama3, "--sparsity", "0.5", "--output", "/nowhere/new"] + options
    let message = try svnup.refusal(words, status: 64)
    #expect(message == "svnup: \(reason) needs --calibration FILE (see 'svnup help prune')")
  }

  @Test(
    "a weighting that would change nothing is a usage error",
    arguments: [
      (["--sparsity", "0.5", "--method", "wanda"], "it changes nothing: wanda chooses in every row for itself"),
      (["--pattern", "2:4"], "it changes nothing where every row has N of M weights"),
      (["--pattern", "2:4", "--method", "sparsegpt"], "it changes nothing where every row has N of M weights"),
    ])
  func weighting(options: [String], reason: String) throws {
    let words =
      ["prune", Inputs.llama3, "--calibration", Inputs.rows, "--output", "/tmp/svnup-no-such-output"] + options
    let message = try svnup.refusal(words + ["--weighting", "gradient"], status: 64)
    #expect(message.contains("--weighting gradient: \(reason)"), "\(message)")
  }

  @Test("Case 49: a sparsity outside [0, 1] is a usage error", arguments: ["-0.1", "1.1", "nan", "50", "inf", ""])
  func sparsity(text: String) throws {
    let words = ["prune", Inputs.llama3, "--method", "magnitude", "--sparsity=\(text)", "--output", "/nowhere/new"]
    #expect(try svnup.refusal(words, status: 64).contains("--sparsity"))
  }

  @Test("inputs that fail leave nothing behind: no output, no temporary folder")
  func nothingLeft() throws {
    try withTemporaryFolder { folder in
      let short = Path.join(folder, "short.npy")
      try Inputs.writeNumpy([1, 2, 3], shape: [3], to: short)
      let words = [
        "prune", Inputs.llama3, "--method", "wanda", "--sparsity", "0.5", "--quiet", "--output",
        Path.join(folder, "new"), "--sequence-length", "64",
      ]
      _ = try svnup.refusal(words + ["--calibration", Path.join(folder, "none.npy")], status: 66)
      _ = try svnup.refusal(words + ["--calibration", short], status: 65)
      _ = try svnup.refusal(words + ["--calibration", Inputs.rows, "--data", short], status: 65)
      _ = try svnup.refusal(words + ["--calibration", Inputs.rows, "--data", Path.join(folder, "no")], status: 66)
      #expect(try FileSystem.list(folder) == ["short.npy"])
    }
  }

  @Test(
    "Case 58: a disk that is full in the middle of a file: status 74, an existing target untouched, nothing left beside it"
  )
  func fullDisk() throws {
    try withTemporaryFolder { folder in
      let target = Path.join(folder, "target")
      try FileSystem.makeDirectory(target)
      let files = ["config.json", "model.safetensors"]
      for name in files { try "kept".write(toFile: Path.join(target, name), atomically: true, encoding: .utf8) }
      let words = (Self.magnitude + ["--quiet", "--force", "--output", target]).map { "'\($0)'" }
      // The limit on the size of a file stands in for the disk: 50 blocks are less than a shard.
      let result = try svnup.run(shell: "ulimit -f 50; exec \"$SVNUP\" \(words.joined(separator: " "))")
      #expect(result.status == 74)
      #expect(result.output.isEmpty)
      #expect(result.error.hasPrefix("svnup: ") && !result.message.contains("\n"), "\(result.error)")
      #expect(result.message.contains(".safetensors: cannot write: "))
      #expect(try FileSystem.list(folder) == ["target"])
      #expect(try FileSystem.list(target) == files)
    }
  }

  @Test("--force replaces a model and nothing else: a folder of something else, or of an input, stays as it is")
  func forceReplacesModelsOnly() throws {
    try withTemporaryFolder { folder in
      let precious = Path.join(folder, "precious")
      try FileSystem.makeDirectory(precious)
      try "kept".write(toFile: Path.join(precious, "note.txt"), atomically: true, encoding: .utf8)
      var words = Self.magnitude + ["--quiet", "--force", "--output"]
      let message = try svnup.refusal(words + [precious], status: 73)
      #expect(message.contains("holds no model"))
      #expect(try FileSystem.list(precious) == ["note.txt"])

      let ids = Path.join(precious, "ids.npy")
      try Inputs.writeNumpy(Array(1...64), shape: [1, 64], to: ids)
      try "{}".write(toFile: Path.join(precious, "config.json"), atomically: true, encoding: .utf8)
      words += [precious, "--data", ids]
      #expect(try svnup.refusal(words, status: 73).contains("it holds \(ids)"))
      #expect(FileSystem.exists(ids))
      for name in [".", "..", folder + "/."] {
        _ = try svnup.refusal(Self.magnitude + ["--quiet", "--force", "--output", name], status: 73)
      }
    }
  }

  @Test("what the system will refuse in the end is refused before anything is read: a name that is too long")
  func nameTooLong() throws {
    try withTemporaryFolder { folder in
      let output = Path.join(folder, String(repeating: "n", count: 250))
      let result = try svnup.run(Self.magnitude + ["--output", output])
      #expect(result.status == 73 || result.status == 74)
      #expect(!result.error.contains("parameters in"), "the model was read first: \(result.error)")
      #expect(try FileSystem.list(folder).isEmpty)
    }
  }

  @Test("samples whose hidden states would not fit the machine are refused")
  func tooManySamples() throws {
    try withTemporaryFolder { folder in
      let words = [
        "prune", Inputs.embedded, "--method", "wanda", "--sparsity", "0.5", "--calibration", Inputs.text("calibration"),
        "--samples", "1000000", "--output", Path.join(folder, "new"),
      ]
      let message = try svnup.refusal(words, status: 64)
      #expect(message.contains("--samples 1000000"))
    }
  }

  private static let deepConfiguration = """
    {"model_type": "llama", "hidden_size": 8, "intermediate_size": 8, "num_attention_heads": 1, "num_hidden_layers": 40,
     "vocab_size": 512, "max_position_embeddings": 64, "hidden_act": "silu", "rms_norm_eps": 1e-5}
    """

  @Test("a window whose coalitions nobody could evaluate is refused like exact values are")
  func windowTooCostly() throws {
    try withTemporaryFolder { folder in
      let model = Path.join(folder, "deep")
      try FileSystem.makeDirectory(model)
      try File.replace(Path.join(model, "config.json"), with: Array(Self.deepConfiguration.utf8))
      // Weights of 40 blocks, all zero.
      var names = ["model.embed_tokens": [512, 8], "model.norm": [8], "lm_head": [512, 8]]
      for block in 0..<40 {
        for norm in ["input_layernorm", "post_attention_layernorm"] { names["model.layers.\(block).\(norm)"] = [8] }
        for linear in ["q_proj", "k_proj", "v_proj", "o_proj"] {
          names["model.layers.\(block).self_attn.\(linear)"] = [8, 8]
        }
        for linear in ["gate_proj", "up_proj", "down_proj"] { names["model.layers.\(block).mlp.\(linear)"] = [8, 8] }
      }
      var end = 0
      let entries = names.sorted { $0.key < $1.key }.map { name, shape in
        let start = end
        end += 4 * shape.reduce(1, *)
        return "\"\(name).weight\":{\"dtype\":\"F32\",\"shape\":\(shape),\"data_offsets\":[\(start),\(end)]}"
      }
      try File.replace(
        Path.join(model, "model.safetensors"),
        with: safetensors("{\(entries.joined(separator: ","))}", dataCount: end))
      let message = try svnup.refusal(
        ["shapley", model, "--data", Inputs.rows, "--window", "20", "--sequence-length", "64"], status: 64)
      #expect(message.contains("a window of 20 players takes "))
      #expect(message.contains("at most 1048576 are offered: take a shorter window"))
    }
  }
}

extension String {
  /// A folder's path without the slash that may end it.
  fileprivate var trimmedSlash: String { hasSuffix("/") ? String(dropLast()) : self }
}
