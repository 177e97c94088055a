import Foundation
import Support
import Tensor
import TestSupport
import Testing

@Suite("svnup verify, end to end")
final class VerifyEndToEndTests {
  private let svnup: CommandRunner
  private let folder: String
  private var saved: String { Path.join(folder, "saved") }
  private var record: String { Path.join(saved, "svnup.json") }

  init() throws {
    svnup = try CommandRunner()
    folder = FileManager.default.temporaryDirectory.appending(path: "svnup-tests-\(UUID().uuidString)").path
    try FileSystem.makeDirectory(folder)
    let result = try svnup.run([
      "prune", Inputs.llama3, "--method", "magnitude", "--pattern", "2:4", "--output", saved,
    ])
    try #require(result.status == 0, "\(result.error)")
  }

  deinit { FileSystem.removeTree(folder) }

  private static let linear = "model.layers.2.mlp.up_proj.weight"

  // MARK: Changing what was saved

  private func change(_ name: String, _ body: (inout [UInt8]) throws -> Void) throws {
    let path = Path.join(saved, name)
    var bytes = try File.contents(of: path)
    try body(&bytes)
    try File.replace(path, with: bytes)
  }

  /// Replaces a text that must be there by another, at its first place.
  private func edit(_ name: String, _ old: String, _ new: String) throws {
    try change(name) { bytes in
      let text = String(decoding: bytes, as: UTF8.self)
      let range = try #require(text.range(of: old), "\(old)")
      bytes = Array(text.replacingCharacters(in: range, with: new).utf8)
    }
  }

  /// Makes the record that of a version that did not know hashes of saved files.
  private func forgetHashes() throws { try edit("svnup.json", "\"output\": {", "\"elsewhere\": {") }

  /// Changes an element of a linear, which is stored as BF16.
  private func changeElement(of tensor: String = linear, _ choose: ([UInt16]) throws -> (Int, UInt16)) throws {
    for name in try FileSystem.list(saved) where name.hasSuffix(".safetensors") {
      let file = try SafetensorsFile(path: Path.join(saved, name))
      guard let entry = file.entry(TensorName(tensor)) else { continue }
      let bytes = try file.bytes(of: entry.name)
      let elements = bytes.withUnsafeBytes { raw in
        (0..<raw.count / 2).map { raw.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self) }
      }
      let (index, value) = try choose(elements)
      try change(name) { all in
        let start = all.count - (try #require(file.entries.last)).range.upperBound + entry.range.lowerBound + 2 * index
        all[start] = UInt8(value & 255)
        all[start + 1] = UInt8(value >> 8)
      }
    }
  }

  private func difference(
    status: Int32 = 65, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> String {
    try svnup.refusal(["verify", saved, "--quiet"], status: status, sourceLocation: sourceLocation)
  }

  // MARK: Tests

  @Test("what was saved is verified, in text and as JSON, with --quiet and without")
  func intact() throws {
    let text = try svnup.run(["verify", saved])
    #expect(text.status == 0)
    #expect(text.error.isEmpty)
    #expect(
      text.output == """
        \(saved) is as it was saved
        files    8, each with the SHA-256 it was saved with
        tensors  39, all finite, in the shapes of the configuration
        linears  28, 50.00 % zeros, each as recorded, 2:4 in every row

        """)
    let json = try svnup.json(["verify", saved])
    #expect(json.keys == ["hashedFiles", "tensors", "linears", "zeros", "sparsity", "pattern"])
    #expect(json["zeros"]?.integer == 2 * 31_744)
    #expect(json["pattern"]?.text == "2:4")
    // What lies beside is nobody's business.
    try "mine".write(toFile: Path.join(saved, "notes.txt"), atomically: true, encoding: .utf8)
    #expect(try svnup.run(["verify", saved + "/", "--quiet"]).status == 0)
  }

  @Test("an unstructured model, OPT, and one with a tokenizer", arguments: [Inputs.opt, Inputs.embedded])
  func otherModels(model: String) throws {
    let output = Path.join(folder, "other")
    _ = try svnup.json(["prune", model, "--method", "magnitude", "--sparsity", "0.3", "--output", output])
    let json = try svnup.json(["verify", output])
    #expect(json["pattern"]?.isNull == true)
    #expect(try abs(#require(json["sparsity"]?.double) - 0.3) < 0.001)
    #expect(try json["hashedFiles"]?.integer == FileSystem.list(output).count - 1)
  }

  @Test("one bit of a shard, whichever", arguments: [0, 100, 5_000, 40_000])
  func flippedBit(offset: Int) throws {
    let name = "model-00002-of-00004.safetensors"
    try change(name) { $0[offset % $0.count] ^= 4 }
    let message = try difference()
    #expect(message.contains("\(saved)/\(name): its SHA-256 is "), "\(message)")
    #expect(message.contains("; svnup.json records "))
  }

  @Test("a file that is cut short, replaced by another, or gone")
  func files() throws {
    let name = "model-00003-of-00004.safetensors"
    let bytes = try File.contents(of: Path.join(saved, name))
    try change(name) { $0.removeLast() }
    #expect(try difference().contains("\(saved)/\(name): its SHA-256"))
    try FileSystem.removeFile(Path.join(saved, name))
    #expect(try difference() == "svnup: \(saved)/\(name): it is missing; svnup.json records it")
    try File.replace(Path.join(saved, name), with: bytes)
    #expect(try svnup.run(["verify", saved]).status == 0)
    try edit("config.json", "\"rms_norm_eps\"", "\"rms_norm_EPS\"")
    #expect(try difference().contains("\(saved)/config.json: its SHA-256"))
  }

  @Test("a file that the model would read and that was not saved with it")
  func addedFile() throws {
    try "{}".write(toFile: Path.join(saved, "tokenizer.json"), atomically: true, encoding: .utf8)
    #expect(try difference() == "svnup: \(saved)/tokenizer.json: svnup.json records no such file")
  }

  @Test("a record without hashes still tells a weight that died, and one that came to life")
  func oldRecord() throws {
    try forgetHashes()
    let result = try svnup.run(["verify", saved])
    #expect(result.status == 0, "\(result.error)")
    #expect(result.output.contains("files    not compared"))
    #expect(try svnup.json(["verify", saved])["hashedFiles"]?.isNull == true)

    try changeElement { ($0.firstIndex { $0 & 0x7FFF != 0 } ?? 0, 0) }
    #expect(
      try difference().contains("tensor '\(Self.linear)': 3585 of 7168 weights are zero; svnup.json records 3584"))
    // The count is right again, but the zeros are not where the pattern has them.
    try changeElement { elements in
      let group = try #require(
        Array(stride(from: 0, to: elements.count, by: 4)).last { start in
          elements[start..<start + 4].count { $0 & 0x7FFF == 0 } == 2
        })
      return (try #require((group..<group + 4).first { elements[$0] & 0x7FFF == 0 }), 0x3F80)
    }
    let message = try difference()
    #expect(
      message.contains("tensor '\(Self.linear)': row 111, columns 60 to 63: 3 weights are not zero"), "\(message)")
    #expect(message.hasSuffix("svnup.json records 2:4"))
  }

  @Test("a number that is not finite, in a linear and in a norm")
  func notFinite() throws {
    try forgetHashes()
    for (value, tensor) in [(0xFF80, "model.norm.weight"), (0x7FC0, Self.linear)] as [(UInt16, String)] {
      try changeElement(of: tensor) { _ in (5, value) }
      #expect(try difference().contains("tensor '\(tensor)': element 5 is NaN or infinite"))
      try changeElement(of: tensor) { _ in (5, 0x3F80) }
    }
  }

  @Test("shapes that are not the configuration's, and a tensor that is not there")
  func shapes() throws {
    try forgetHashes()
    try edit("config.json", "\"vocab_size\": 512", "\"vocab_size\": 511")
    #expect(try difference().contains("the configuration asks for [511, 64], the file has [512, 64]"))
    try edit("config.json", "\"vocab_size\": 511", "\"vocab_size\": 512")
    try edit("config.json", "\"num_hidden_layers\": 4", "\"num_hidden_layers\": 3")
    #expect(try difference() == "svnup: \(record): blocks: it records 4; the model has 3")
    try edit("config.json", "\"num_hidden_layers\": 3", "\"num_hidden_layers\": 5")
    #expect(try difference().contains("there is no tensor 'model.layers.4."))
  }

  @Test(
    "a record that was changed",
    arguments: [
      ("\"zeros\": 2048", "\"zeros\": 2047", "4096 weights are zero; svnup.json records 2047 of 4096"),
      ("\"count\": 4096", "\"count\": 4097", "svnup.json records 2048 of 4097"),
      ("\"sparsity\": 0.5,", "\"sparsity\": 0.25,", "svnup.json: sparsity: it is 0.25; the weights have 0.5"),
      ("\"pattern\": \"2:4\"", "\"pattern\": \"1:4\"", "2 weights are not zero; svnup.json records 1:4"),
      ("\"pattern\": \"2:4\"", "\"pattern\": \"4:2\"", "svnup.json: pattern: '4:2' is not N:M with 0 < N < M"),
      ("\"pattern\": \"2:4\"", "\"pattern\": \"2:5\"", "its 64 columns are not whole groups of 5"),
      ("\"pattern\": \"2:4\"", "\"pattern\": 2", "svnup.json: pattern: it is a number, not a string"),
      (
        "model.layers.1.mlp.up_proj.weight", "model.layers.1.mlp.down_proj.weight", "blocks[1].linears: the model's are"
      ),
      (
        "\"zeros\": 2048", "\"zeros\": -1",
        "svnup.json: blocks[0].linears.self_attn.q_proj.zeros: it is not a whole number"
      ),
      (
        "\"zeros\": 2048", "\"zeros\": 2e99",
        "svnup.json: blocks[0].linears.self_attn.q_proj.zeros: it is not a whole number"
      ),
      ("\"tensor\"", "\"tensors\"", "svnup.json: blocks[0].linears.self_attn.q_proj.tensor: it is missing"),
      ("\"linears\"", "\"linear\"", "svnup.json: blocks[0].linears: it is missing"),
      (
        "\"config.json\": \"", "\"../config.json\": \"",
        "svnup.json: sha256.output: '../config.json' is not a plain file name"
      ),
      ("\"output\": {", "\"output\": 1, \"x\": {", "svnup.json: sha256.output: it is a number, not an object"),
      ("{", "", "svnup.json: not valid JSON at byte"),
    ])
  func changedRecord(old: String, new: String, reason: String) throws {
    if old.hasPrefix("\"config.json\"") {
      // The model's hashes come first.
      try edit("svnup.json", "\"config.json\": \"", "\"config\": \"")
    }
    try edit("svnup.json", old, new)
    let message = try difference()
    #expect(message.contains(reason), "\(message)")
  }

  @Test("a directory that svnup did not save, a file, and nothing")
  func noRecord() throws {
    let message = try svnup.refusal(["verify", Inputs.llama3], status: 66)
    #expect(message.hasSuffix("svnup.json: cannot read: it is missing; verify needs a directory that svnup saved"))
    for path in ["none", Path.join(Inputs.llama3, "config.json")] {
      #expect(
        try svnup.refusal(["verify", path], status: 66) == "svnup: \(path): cannot open: there is no such folder")
    }
    _ = try svnup.refusal(["verify", Path.join(folder, "none")], status: 66)
    _ = try svnup.refusal(["verify", record], status: 66)
    _ = try svnup.refusal(["verify"], status: 64)
  }
}
