import Foundation
import Support
import TestSupport
import Testing

@Suite("svnup perplexity, end to end")
struct PerplexityEndToEndTests {
  let svnup: CommandRunner

  init() throws { svnup = try CommandRunner() }

  static let keys = ["perplexity", "meanNLL", "standardError", "tokens", "windows", "sequenceLength", "text"]

  /// The figures alone, which do not depend on the form that the text came in.
  static func figures(_ result: JSON) -> [UInt8] {
    JSON(members: result.objectMembers.filter { $0.0 != "text" }).encoded()
  }

  @Test(
    "the figures are those of the original implementation",
    arguments: ["llama-v1", "llama3-gqa", "opt-125m", "opt-350m"])
  func reference(name: String) throws {
    let model = Inputs.model(name)
    let expected = try Fixtures.json(Path.join(model, "expected.json"))
    let result = try svnup.json(["perplexity", model, "--data", Path.join(model, "expected.safetensors")])
    #expect(result.keys == Self.keys)
    let (nll, expectedNLL) = (try #require(result["meanNLL"]?.double), try #require(expected["mean_nll"]?.double))
    #expect(abs(nll - expectedNLL) <= 1e-5)
    let (perplexity, expectedPPL) = (try #require(result["perplexity"]?.double), try #require(expected["ppl"]?.double))
    #expect(abs(perplexity / expectedPPL - 1) <= 2e-5)
    let rows = try #require(expected["row_mean_nll"]).doubles
    // The standard error of the mean of two windows is half their distance; that of exp(mean) scales with it.
    let error = try #require(result["standardError"]?.double)
    let wanted = expectedPPL * abs(rows[0] - rows[1]) / 2
    #expect(abs(error - wanted) <= 1e-3 * error)
    #expect(result["tokens"]?.integer == expected["targets"]?.integer)
    #expect(result["windows"]?.integer == 2)
    #expect(result["sequenceLength"]?.integer == 48)
  }

  @Test("a stream of ids is cut into whole windows, as the reference was")
  func stream() throws {
    let expected = try Fixtures.json(Fixtures.path("reference/llama3-gqa/expected.json"))
    let result = try svnup.json(["perplexity", Inputs.llama3, "--data", Inputs.stream, "--sequence-length", "64"])
    #expect(result["windows"]?.integer == Inputs.streamCount / 64)
    #expect(result["tokens"]?.integer == Inputs.streamCount / 64 * 63)
    let nll = try #require(result["meanNLL"]?.double)
    let expectedNLL = try #require(expected["dense"]?["mean_nll"]?.double)
    #expect(abs(nll - expectedNLL) <= 1e-5)
  }

  @Test("the same ids give the same figures from .npy, as a stream and as rows, and from .safetensors")
  func formats() throws {
    try withTemporaryFolder { folder in
      let ids = (0..<96).map { ($0 * 37 + 11) % 512 }
      let (flat, square) = (Path.join(folder, "flat.npy"), Path.join(folder, "rows.npy"))
      try Inputs.writeNumpy(ids, shape: [96], to: flat)
      try Inputs.writeNumpy(ids, shape: [3, 32], to: square)
      let base = ["perplexity", Inputs.llama1, "--data"]
      let stream = try svnup.json(base + [flat, "--sequence-length", "32"])
      let rows = try svnup.json(base + [square])
      #expect(stream["windows"]?.integer == 3)
      #expect(Self.figures(stream) == Self.figures(rows))
      #expect(stream["text"]?["joining"]?.text == "token ids")
      #expect(rows["text"]?["joining"]?.text == "rows of token ids")
      // A window of 33 leaves 30 of the 96 over.
      #expect(try svnup.json(base + [flat, "--sequence-length", "33"])["windows"]?.integer == 2)
    }
  }

  @Test("the text form tells the same figures, on standard output only; the note is on standard error only")
  func textForm() throws {
    let words = ["perplexity", Inputs.llama3, "--data", Inputs.stream, "--sequence-length", "64"]
    let json = try svnup.json(words)
    let result = try svnup.run(words)
    #expect(result.status == 0)
    let perplexity = try #require(json["perplexity"]?.double)
    let error = try #require(json["standardError"]?.double)
    let nll = try #require(json["meanNLL"]?.double)
    let hash = try #require(json["text"]?["sha256"]?.text)
    #expect(try hash == SHA256.hexadecimal(ofFile: Inputs.stream))
    #expect(
      result.output == """
        perplexity \(perplexity.fixed(4)) ± \(error.fixed(4)) (standard error over windows)
        mean NLL \(nll.fixed(6)) nats on 504 tokens in 8 windows of 64
        text: token ids, 531 tokens, SHA-256 \(hash.prefix(16))…

        """)
    let notes = result.error.split(separator: "\n")
    try #require(notes.count == 2)
    #expect(notes[0].hasPrefix("memory: about "))
    #expect(notes[1].hasPrefix("\(Inputs.llama3): llama, 193.09 k parameters in 4 blocks; kernel "))
    let quiet = try svnup.run(words + ["--quiet"])
    #expect(quiet.error.isEmpty)
    #expect(quiet.output == result.output)
  }

  @Test(
    "progress is drawn on a terminal on standard error, never on standard output",
    .enabled(if: CommandRunner.hasTerminals))
  func progress() throws {
    try withTemporaryFolder { folder in
      let (output, text) = (Path.join(folder, "output"), Path.join(folder, "text.txt"))
      // Long enough for the first line, which comes after a tenth of a second.
      let verses = try String(contentsOfFile: Inputs.text("test"), encoding: .utf8).prefix(60_000)
      try String(verses).write(toFile: text, atomically: true, encoding: .utf8)
      // The shell behind the pseudo-terminal sends the result elsewhere, so what `script` shows is standard error.
      let words = "perplexity '\(Inputs.embedded)' --data '\(text)' --sequence-length 128"
      for (options, isSilent) in [("", false), (" --quiet", true)] {
        let line = "\"$SVNUP\" \(words)\(options) > '\(output)'"
        let shown = try svnup.run(
          shell: "TERM=xterm exec script -qec '\(line.replacing("'", with: #"'\''"#))' /dev/null")
        #expect(shown.status == 0)
        #expect(shown.output.contains(" windows, ") == !isSilent, "\(shown.output)")
        if isSilent { #expect(shown.output.isEmpty) }
        let result = try String(contentsOfFile: output, encoding: .utf8)
        #expect(result.hasPrefix("perplexity ") && result.split(separator: "\n").count == 3)
      }
    }
  }

  @Test("a text begins with the special token and is cut into windows; each predicts all its tokens but the first")
  func text() throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "text.txt")
      let text = try String(contentsOfFile: Inputs.text("test"), encoding: .utf8).prefix(600)
      try String(text).write(toFile: path, atomically: true, encoding: .utf8)
      let ids = try #require(try svnup.json(["tokenize", Inputs.embedded, "--file", path])["ids"]).integers
      #expect(ids.first == 1)
      let stream = Path.join(folder, "stream.npy")
      try Inputs.writeNumpy(ids, shape: [ids.count], to: stream)
      let words = ["perplexity", Inputs.embedded, "--sequence-length", "32", "--data"]
      let result = try svnup.json(words + [path])
      let windows = ids.count / 32
      #expect(windows > 3)
      #expect(result["windows"]?.integer == windows)
      #expect(result["tokens"]?.integer == windows * 31)
      #expect(result["sequenceLength"]?.integer == 32)
      #expect(try Self.figures(result) == Self.figures(svnup.json(words + [stream])))
    }
  }

  @Test(
    "Case 47: a sequence length that the model or the rows cannot have is a usage error",
    arguments: [
      (Inputs.stream, "129", "--sequence-length 129: the model has 128 positions"),
      (Inputs.rows, "32", "--sequence-length 32: the rows of " + Inputs.rows + " have 64 tokens"),
    ])
  func lengths(data: String, length: String, message: String) throws {
    let words = ["perplexity", Inputs.llama1, "--quiet", "--data", data, "--sequence-length", length]
    #expect(try svnup.refusal(words, status: 64) == "svnup: \(message) (see 'svnup help perplexity')")
  }

  @Test("Cases 47 and 48: rows longer than the model's positions, and of one token, are bad data")
  func rowLengths() throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "rows.npy")
      for length in [129, 1] {
        try Inputs.writeNumpy(Array(repeating: 5, count: 2 * length), shape: [2, length], to: path)
        let message = try svnup.refusal(["perplexity", Inputs.llama1, "--quiet", "--data", path], status: 65)
        #expect(message.contains("\(path): "))
        #expect(message.contains("rows must have 2 to 128 tokens, not \(length)"))
      }
    }
  }

  @Test("Case 37: an id outside the vocabulary is bad data, told with its place", arguments: [512, -1, Int(Int64.min)])
  func vocabulary(id: Int) throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "ids.npy")
      try Inputs.writeNumpy([1, 2, 3, id, 5, 6], shape: [6], to: path)
      let words = ["perplexity", Inputs.llama1, "--quiet", "--data", path, "--sequence-length", "3"]
      let message = try svnup.refusal(words, status: 65)
      #expect(message.contains("id \(id) at position 3 is not in the model's vocabulary of 512"))
    }
  }

  @Test("Case 46: a corpus that is empty or shorter than a window is bad data; both counts are told")
  func shortCorpus() throws {
    try withTemporaryFolder { folder in
      let words = ["perplexity", Inputs.embedded, "--quiet", "--sequence-length", "32", "--data"]
      // An empty text still has the special token; the other one is <s> and seven tokens of one letter each.
      for (text, count) in [("", 1), ("ZZZZZZZ", 8)] {
        let path = Path.join(folder, "text.txt")
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let message = try svnup.refusal(words + [path], status: 65)
        #expect(message.contains("\(path): "))
        #expect(message.contains("it has \(count) token\(count == 1 ? "" : "s"), and a window needs 32"))
      }
      for (ids, shape) in [([], [0]), ([1, 2, 3], [3])] as [([Int], [Int])] {
        let path = Path.join(folder, "ids.npy")
        try Inputs.writeNumpy(ids, shape: shape, to: path)
        let message = try svnup.refusal(words + [path], status: 65)
        #expect(message.contains("it has \(ids.count) tokens, and a window needs 32"))
      }
    }
  }

  @Test("Case 44: a text that is not UTF-8 is bad data, told with the offset of the first wrong byte")
  func invalidText() throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "text.txt")
      try Data(Array("Im Anfang ".utf8) + [0xC3, 0x28]).write(to: URL(fileURLWithPath: path))
      let message = try svnup.refusal(["perplexity", Inputs.embedded, "--quiet", "--data", path], status: 65)
      #expect(message.contains("\(path): "))
      #expect(message.contains("the text is not UTF-8: the first wrong byte is at offset 10"))
    }
  }

  @Test("what is not there has status 66 and is named")
  func missing() throws {
    try withTemporaryFolder { folder in
      let nothing = Path.join(folder, "nothing")
      let noModel = try svnup.refusal(["perplexity", nothing, "--data", Inputs.stream], status: 66)
      #expect(noModel.contains(nothing))
      for name in [nothing, nothing + ".npy", nothing + ".safetensors"] {
        let noData = try svnup.refusal(["perplexity", Inputs.llama1, "--quiet", "--data", name], status: 66)
        #expect(noData.contains(name))
      }
    }
  }

  @Test("a text for a model without a tokenizer is an error that names what is missing")
  func noTokenizer() throws {
    let words = ["perplexity", Inputs.llama1, "--quiet", "--data", Inputs.text("test")]
    #expect(try svnup.refusal(words, status: 66).contains("tokenizer.json"))
  }
}
