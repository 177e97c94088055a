import Foundation
import Support
import TestSupport
import Testing

/// Inputs that no list of malformed files has, given to the executable: one line, an exit status, never a signal or a wait.
@Suite("Hostile inputs, end to end", .timeLimit(.minutes(10)))
struct HostileInputTests {
  /// A file that commands read, and the command that reads it.
  struct Target: Sendable, CustomTestStringConvertible {
    let file: String
    var isJSON = true

    var testDescription: String { file }
    var isTokenizer: Bool { !file.hasPrefix("model") && file != "config.json" }

    /// A folder with this file and what else the command needs, and the words of the command.
    func prepare(_ folder: String) throws -> [String] {
      let model = Path.join(folder, "model")
      guard isTokenizer else {
        try FileManager.default.copyItem(atPath: Inputs.llama3, toPath: model)
        return ["info", model]
      }
      try FileSystem.makeDirectory(model)
      let isByteLevel = ["vocab.json", "merges.txt", "tokenizer_config.json"].contains(file)
      let source = Fixtures.path("tokenizers/\(isByteLevel ? "kjv-opt" : "kjv1024")")
      for name in isByteLevel ? ["vocab.json", "merges.txt"] : [file] {
        try FileManager.default.copyItem(atPath: Path.join(source, name), toPath: Path.join(model, name))
      }
      return ["tokenize", model, "ab"]
    }
  }

  static let targets = [
    Target(file: "config.json"), Target(file: MalformedModelTests.index),
    Target(file: MalformedModelTests.secondShard, isJSON: false), Target(file: "tokenizer.json"),
    Target(file: "tokenizer.model", isJSON: false), Target(file: "vocab.json"),
    Target(file: "merges.txt", isJSON: false), Target(file: "tokenizer_config.json"),
  ]

  /// Something else in the place of a file.
  enum Kind: String, CaseIterable, Sendable {
    case directory, fifo, device, danglingLink, linkLoop

    func make(_ path: String) throws {
      switch self {
      case .directory: try FileSystem.makeDirectory(path)
      case .fifo: #expect(mkfifo(path, 0o600) == 0)
      case .device: try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/zero")
      case .danglingLink: try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/nowhere/x")
      case .linkLoop: try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: Path.name(of: path))
      }
    }
  }

  private let svnup: CommandRunner

  init() throws { svnup = try CommandRunner() }

  @Test("Anything but a file in the place of a file is no input, and is named", arguments: targets, Kind.allCases)
  func notAFile(_ target: Target, _ kind: Kind) throws {
    try withTemporaryFolder { folder in
      let words = try target.prepare(folder)
      let path = Path.join(words[1], target.file)
      try? FileManager.default.removeItem(atPath: path)
      try kind.make(path)
      let message = try svnup.refusal(words, status: 66)
      #expect(message.hasPrefix("svnup: \(path): cannot open: "), "\(message)")
    }
  }

  /// Texts, and what is said of them.
  static let texts = [
    Brief("nothing", ("", "byte 0")), Brief("a byte order mark", ("\u{FEFF}{}", "byte 0")),
    Brief("a zero behind it", ("{}\0", "byte 2")), Brief("half of it", ("[", "byte 1")),
    Brief("200,000 brackets", (String(repeating: "[", count: 200_000), "nested deeper than 128")),
    Brief("200,000 objects", (String(repeating: #"{"a":"#, count: 200_000), "nested deeper than 128")),
  ]

  @Test(
    "Texts that are no JSON are bad data, told with the byte", arguments: targets.filter(\.isJSON), texts)
  func notJSON(_ target: Target, _ content: Brief<(String, String)>) throws {
    let (text, reason) = content.value
    try withTemporaryFolder { folder in
      let words = try target.prepare(folder)
      let path = Path.join(words[1], target.file)
      try MalformedModelTests.write(Array(text.utf8), to: path)
      let message = try svnup.refusal(words, status: 65)
      #expect(message.hasPrefix("svnup: \(path): "), "\(message)")
      #expect(message.contains(reason), "\(message)")
    }
  }

  @Test("An empty shard, an index as its own shard, and a configuration as one are bad data")
  func foreignShards() throws {
    let target = Target(file: MalformedModelTests.index)
    try withTemporaryFolder { folder in
      let words = try target.prepare(folder)
      let path = Path.join(words[1], target.file)
      let text = String(decoding: try File.contents(of: path), as: UTF8.self)
      for (name, reason) in [("config.json", "the header is said to be"), (target.file, "the header is said to be")] {
        try MalformedModelTests.write(
          Array(text.replacing(MalformedModelTests.secondShard, with: name).utf8), to: path)
        #expect(try svnup.refusal(words, status: 65).contains("\(words[1])/\(name): \(reason)"))
      }
      try MalformedModelTests.write(Array(text.utf8), to: path)
      try MalformedModelTests.write([], to: Path.join(words[1], MalformedModelTests.secondShard))
      #expect(try svnup.refusal(words, status: 65).contains("0 bytes are too few"))
    }
  }

  @Test(
    "Sizes at the ends of what a configuration may say need neither memory nor time",
    arguments: [
      "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "head_dim",
    ])
  func hugeSizes(field: String) throws {
    try withTemporaryFolder { folder in
      let words = try Target(file: "config.json").prepare(folder)
      let path = Path.join(words[1], "config.json")
      let members = try Fixtures.json(path).object?.members.filter { $0.key != Array(field.utf8) } ?? []
      let size = field == "num_hidden_layers" ? 1 << 16 : 1 << 24
      let changed = JSON.object(JSONObject(members + [(Array(field.utf8), JSON(size))]))
      try MalformedModelTests.write(changed.encoded(), to: path)
      let message = try svnup.refusal(words, status: 65)
      #expect(message.contains("there is no tensor") || message.contains("the configuration asks for"), "\(message)")
    }
  }

  @Test(
    "A name of a million letters, of commands to the terminal or of reversed text is told in one short, harmless line")
  func messages() throws {
    try withTemporaryFolder { folder in
      let words = try Target(file: "config.json").prepare(folder)
      for (name, shown) in [
        (String(repeating: "x", count: 1_000_000), " … "),
        ("\u{1B}[2J\n\u{202E}\u{2028}", "\\u{1B}[2J\\u{A}\\u{202E}\\u{2028}"),
      ] {
        let text = JSON(members: [("model_type", JSON(name))]).encoded()
        try MalformedModelTests.write(text, to: Path.join(words[1], "config.json"))
        let message = try svnup.refusal(words, status: 65)
        #expect(message.contains(shown), "\(message.prefix(2000))")
        #expect(message.utf8.count < 4000)
      }
    }
  }

  @Test("Arguments that are not UTF-8 are refused with their place; Swift would make another name of them")
  func invalidArguments() throws {
    let result = try svnup.run(shell: #"exec "$SVNUP" info "$(printf 'm\377')""#)
    #expect(result.status == 64)
    #expect(result.message == "svnup: argument 2 is not UTF-8 (see 'svnup help')")
  }

  @Test(
    "A path that is too long, a device, and a folder of processes are no models",
    arguments: [
      Brief("5,000 letters", String(repeating: "x", count: 5000)),
      Brief("3,000 folders", String(repeating: "a/", count: 3000)), Brief("a device", "/dev/null"),
      Brief("processes", "/proc/self/fd"), Brief("the root", "/"),
    ])
  func noModels(path: Brief<String>) throws {
    #expect(try svnup.refusal(["info", path.value], status: 66).contains("cannot "))
  }

  @Test(
    "Case 28: a corpus that is a folder, a FIFO or a device is no input", arguments: Kind.allCases,
    ["", ".npy", ".safetensors"])
  func corpora(_ kind: Kind, _ suffix: String) throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "corpus\(suffix)")
      try kind.make(path)
      let message = try svnup.refusal(["perplexity", Inputs.embedded, "--data", path], status: 66)
      #expect(message.hasPrefix("svnup: \(path): cannot open: "), "\(message)")
    }
  }

  @Test(
    "Case 48: a window of no token or of one",
    arguments: ["0", "1", "-1", "9223372036854775807", "99999999999999999999"])
  func lengths(length: String) throws {
    let words = ["perplexity", Inputs.llama1, "--data", Inputs.stream, "--sequence-length=\(length)"]
    #expect(try svnup.refusal(words, status: 64).contains("--sequence-length \(length): must be "))
  }

  @Test("Case 37: a token of the tokenizer that the embedding lacks is bad data where the text has it")
  func tokenBeyondTheEmbedding() throws {
    try withTemporaryFolder { folder in
      let model = Path.join(folder, "model")
      try FileManager.default.copyItem(atPath: Inputs.embedded, toPath: model)
      let path = Path.join(model, "tokenizer.json")
      let text = String(decoding: try File.contents(of: path), as: UTF8.self)
      let added = text.replacing(
        /"added_tokens"\s*:\s*\[/, with: #""added_tokens":[{"id":1024,"content":"abc","special":false},"#)
      try MalformedModelTests.write(Array(added.utf8), to: path)
      let corpus = Path.join(folder, "text")
      try MalformedModelTests.write(Array("and abc ".utf8), to: corpus)
      let words = ["perplexity", model, "--data", corpus, "--sequence-length", "2"]
      let message = try svnup.refusal(words, status: 65)
      #expect(
        message.contains("\(corpus): id 1024 at position") && message.contains("vocabulary of 1024"), "\(message)")
    }
  }

  @Test("a file of a model that is a link to nothing is named by every command, also where another form of it is there")
  func deadLinks() throws {
    try withTemporaryFolder { folder in
      let model = Path.join(folder, "model")
      try FileSystem.makeDirectory(model)
      for name in try FileSystem.list(Inputs.embedded) {
        try File.replace(Path.join(model, name), with: try File.contents(of: Path.join(Inputs.embedded, name)))
      }
      let (tokenizer, licence) = (Path.join(model, "tokenizer.json"), Path.join(model, "LICENSE"))
      try FileManager.default.createSymbolicLink(atPath: licence, withDestinationPath: "/nowhere/x")
      let output = Path.join(folder, "output")
      let prune = ["prune", model, "--method", "magnitude", "--sparsity", "0.5", "--output", output]
      let result = try svnup.run(prune)
      #expect(
        result.status == 0 && result.error.contains("lead to nothing and stay behind: LICENSE"), "\(result.error)")
      try FileSystem.removeFile(tokenizer)
      try FileManager.default.createSymbolicLink(atPath: tokenizer, withDestinationPath: "/nowhere/x")
      for words in [prune + ["--force"], ["pack", model, "--output", output + "2"], ["info", model]] {
        let message = try svnup.refusal(words, status: 66)
        #expect(message.contains("\(tokenizer): cannot open: it is a link that leads to no file"))
      }
    }
  }
}
