import Foundation
import Support
import TestSupport
import Testing

@Suite("svnup tokenize, end to end")
struct TokenizeEndToEndTests {
  let svnup: CommandRunner

  init() throws { svnup = try CommandRunner() }

  static let text = "And God said"
  static let jsonl = ["tokenize", Inputs.embedded, "--jsonl"]

  @Test("a text given as argument, as file and on standard input has the same ids and pieces")
  func sources() throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "text.txt")
      try File.replace(path, with: Array(Self.text.utf8))
      let base = ["tokenize", Inputs.embedded]
      let result = try svnup.json(base + [Self.text])
      #expect(result.keys == ["ids", "pieces"])
      let pieces = try #require(result["pieces"]?.array).compactMap(\.text)
      #expect(pieces.first == "<s>")
      #expect(pieces.dropFirst().joined() == "▁And▁God▁said")
      #expect(result["ids"]?.integers.count == pieces.count)
      #expect(try svnup.json(base + ["--file", path]).encoded() == result.encoded())
      for words in [base, base + ["--file", "-"]] {
        let piped = try svnup.run(words + ["--json"], input: Self.text)
        #expect(piped.status == 0 && piped.error.isEmpty)
        #expect(try JSON.parse(Array(piped.output.utf8)).encoded() == result.encoded())
      }
      let table = try svnup.run(base + [Self.text])
      let rows = table.output.split(separator: "\n").dropFirst(2).map { $0.split(separator: " ").map(String.init) }
      #expect(try rows.map(\.first) == #require(result["ids"]).integers.map(String.init))
      #expect(rows.map(\.last) == pieces)
    }
  }

  @Test("a line of ids for every line of text, in order, as the original tokenizer has them")
  func lines() throws {
    let path = Fixtures.path("tokenizers/kjv1024.jsonl")
    let records = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
      try JSON.parse(Array($0.utf8))
    }
    let result = try svnup.run(Self.jsonl + [path])
    #expect(result.status == 0)
    #expect(result.error.isEmpty)
    let lines = result.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    try #require(lines.count == records.count)
    let document = try svnup.json(Self.jsonl + [path])
    #expect(
      try document["texts"]?.array?.map { $0.encoded() } == lines.map { try JSON.parse(Array($0.utf8)).encoded() })
    for (line, record) in zip(lines, records) {
      let answer = try JSON.parse(Array(line.utf8))
      #expect(answer.keys == ["ids"])
      #expect(answer["ids"]?.integers == record["ids_special"]?.integers)
    }
  }

  @Test("any number of threads gives the ids of the whole text, and progress does not mix with them")
  func threads() throws {
    let path = Fixtures.path("tokenizers/added-tokens.jsonl")
    let results = try ["1", "2", "5"].map { threads in
      try svnup.run(["tokenize", Inputs.embedded, "--file", path, "--json", "--threads", threads])
    }
    let ids = try JSON.parse(Array(results[0].output.utf8))["ids"]?.integers ?? []
    #expect(ids.count > 50_000)
    for result in results { #expect(result.status == 0 && result.output == results[0].output) }
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    let jsonl = lines.map { String(decoding: (["text": JSON(String($0))] as JSON).encoded(), as: UTF8.self) }
    let answers = try ["1", "3"].map { threads in
      try svnup.run(Self.jsonl + ["-", "--threads", threads], input: jsonl.joined(separator: "\n")).output
    }
    #expect(answers[0] == answers[1])
    #expect(answers[0].split(separator: "\n").count == lines.count)
  }

  @Test("lines from standard input; blank lines and CR LF do no harm")
  func standardInput() throws {
    let input = "{\"text\": \"And\"}\r\n\n  \n{\"id\": 7, \"text\": \" God\"}"
    let result = try svnup.run(Self.jsonl + ["-"], input: input)
    #expect(result.status == 0)
    let lines = result.output.split(separator: "\n").map(String.init)
    try #require(lines.count == 2)
    for (line, text) in zip(lines, ["And", " God"]) {
      let ids = try svnup.json(["tokenize", Inputs.embedded, text])["ids"]?.integers
      #expect(try JSON.parse(Array(line.utf8))["ids"]?.integers == ids)
    }
  }

  @Test(
    "a malformed line is bad data, told with its number, and nothing is printed",
    arguments: [
      ("{\"text\": \"a\"}\n{\"text\": \"b\"\n", "line 2: not valid JSON"),
      ("{\"text\": \"a\"}\n\n\n{\"text\": 3}\n", "line 4: text: expected a string, not a number"),
      ("{\"text\": \"a\"}\n{\"txt\": \"b\"}\n", "line 2: there is no 'text'; the fields are 'txt'"),
      ("\n7\n", "line 2: expected an object or a string, not a number"),
    ])
  func malformed(input: String, reason: String) throws {
    let message = try svnup.refusal(Self.jsonl + ["-"], status: 65, input: input)
    #expect(message.hasPrefix("svnup: standard input: \(reason)"), "\(message)")
  }

  @Test("another field, where it is named")
  func field() throws {
    let input = #"{"text": "And", "content": "In"}"#
    let result = try svnup.run(Self.jsonl + ["-", "--field", "content"], input: input)
    let ids = try svnup.json(["tokenize", Inputs.embedded, "In"])["ids"]?.integers
    #expect(try JSON.parse(Array(result.output.utf8))["ids"]?.integers == ids)
    #expect(
      try svnup.refusal(["tokenize", Inputs.embedded, "In", "--field", "content"], status: 64).contains("--jsonl"))
  }

  @Test("a text that is not UTF-8 and a file that is not there")
  func badFiles() throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "text.txt")
      try File.replace(path, with: Array("abc".utf8) + [0xFF])
      for option in ["--file", "--jsonl"] {
        let invalid = try svnup.refusal(["tokenize", Inputs.embedded, option, path], status: 65)
        #expect(invalid == "svnup: \(path): the text is not UTF-8: the first wrong byte is at offset 3")
        let missing = try svnup.refusal(["tokenize", Inputs.embedded, option, path + ".none"], status: 66)
        #expect(missing.contains(path + ".none"))
      }
      #expect(try svnup.refusal(["tokenize", Inputs.llama1, "text"], status: 66).contains("tokenizer.json"))
    }
  }

  @Test("a pointer of Git LFS in the place of the tokenizer is told as such")
  func pointerFile() throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "tokenizer.json")
      let pointer =
        "version https://git-lfs.github.com/spec/v1\noid sha256:\(String(repeating: "0", count: 64))\nsize 9\n"
      try File.replace(path, with: Array(pointer.utf8))
      let message = try svnup.refusal(["tokenize", folder, "text"], status: 65)
      #expect(message.contains(path) && message.contains("LFS"), "\(message)")
    }
  }
}
