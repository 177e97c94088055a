import ShapleyPrune
import Support
import TestSupport
import Testing

/// Tasks made of sentences of the King James Bible, in all forms; expected.json has what transformers computes on the embedded model.
@Suite("svnup evaluate, end to end")
struct EvaluateEndToEndTests {
  let svnup: CommandRunner
  private static let folder = Fixtures.path("tasks")

  init() throws { svnup = try CommandRunner() }

  @Test(
    "items of every form have the scores that transformers gives them",
    arguments: [
      ("choices", "choices"), ("hella", "HellaSwag"), ("wino", "WinoGrande"), ("lambada", "LAMBADA"), ("arc", "ARC"),
      ("boolq", "BoolQ"), ("rte", "RTE"), ("piqa", "PIQA"), ("obqa", "OpenBookQA"),
    ])
  func scores(name: String, form: String) throws {
    let expected = try #require(try Fixtures.json(Path.join(Self.folder, "expected.json"))[name]?.array)
    let task = Path.join(Self.folder, "\(name).jsonl")
    let result = try #require(
      try svnup.json(["evaluate", Inputs.embedded, "--task", task])["tasks"]?.array?.first)
    #expect(result["form"]?.text == form)
    #expect(result["items"]?.integer == expected.count)
    let found = try #require(result["logLikelihoods"]?.array)
    var right = 0
    for (found, item) in zip(found, expected) {
      let (ours, theirs) = (found.doubles, try #require(item["logLikelihoods"]).doubles)
      #expect(ours.count == theirs.count)
      for (a, b) in zip(ours, theirs) { #expect(abs(a - b) <= 2e-5 * max(1, abs(b)), "\(a) \(b)") }
      let best = theirs.indices.reduce(0) { theirs[$1] > theirs[$0] ? $1 : $0 }
      let isGreedy = item["greedy"]?.array?.first?.bool == true
      right += form == "LAMBADA" ? (isGreedy ? 1 : 0) : best == item["answer"]?.integer ? 1 : 0
    }
    let share = Double(right) / Double(expected.count)
    #expect(result["accuracy"]?["value"]?.double == share)
    let error = (share * (1 - share) / Double(expected.count - 1)).squareRoot()
    #expect(result["accuracy"]?["standardError"]?.double == error)
    #expect(result["accuracyByBytes"]?.isNull == (form == "LAMBADA"))
    #expect(result["perplexity"]?.isNull == (form != "LAMBADA"))
  }

  @Test("a program that asks for no items is refused before anything is read")
  func noItems() throws {
    var job = EvaluateJob(try ModelSource(Inputs.embedded), tasks: ["none.jsonl"])
    job.items = 0
    #expect(throws: SettingError.self) { try job.run() }
  }

  @Test("several tasks make one table, and only the first items are asked where that is wanted")
  func table() throws {
    let files = ["arc", "lambada"].flatMap { ["--task", Path.join(Self.folder, "\($0).jsonl")] }
    let one = try svnup.json(["evaluate", Inputs.embedded, "--items", "1"] + files)
    let errors = try #require(one["tasks"]?.array).map { $0["accuracy"]?["standardError"]?.isNull }
    #expect(errors == [true, true], "one item has none")
    let result = try svnup.run(["evaluate", Inputs.embedded, "--items", "2"] + files)
    #expect(result.status == 0)
    let lines = result.output.split(separator: "\n")
    #expect(lines.count == 4)
    #expect(lines[2].contains("ARC") && lines[3].contains("LAMBADA"))
    #expect(lines[2].split(separator: " ").contains("2"))
  }

  @Test("marks of HellaSwag end within their line, and its second sentence begins as Python capitalises it")
  func cleaning() throws {
    try withTemporaryFolder { folder in
      func ask(_ line: String) throws -> [[Double]]? {
        let path = Path.join(folder, "task.jsonl")
        try File.replace(path, with: Array(line.utf8))
        let result = try svnup.json(["evaluate", Inputs.embedded, "--task", path])["tasks"]?.array?.first
        return result?["logLikelihoods"]?.array?.map(\.doubles)
      }
      let found = try ask(
        #"{"activity_label": "A", "ctx_a": "One [a\nb] day [x] end", "ctx_b": "ßΣΑΣ", "endings": ["he", "she [y]"], "label": 0}"#
      )
      let wanted = try ask(
        #"{"question": "A: One [a\nb] day end Ssσας", "choices": ["he", "she "], "answer": 0}"#)
      #expect(found != nil && found == wanted)
    }
  }

  @Test("tasks whose files have one name are told apart by their paths")
  func names() throws {
    try withTemporaryFolder { folder in
      let paths = [Path.join(folder, "arc.jsonl"), Path.join(Self.folder, "arc.jsonl")]
      try File.replace(paths[0], with: try File.contents(of: paths[1]))
      let result = try svnup.run(["evaluate", Inputs.embedded, "--items", "1"] + paths.flatMap { ["--task", $0] })
      #expect(result.status == 0 && paths.allSatisfy { result.output.contains($0) }, "\(result.output)")
    }
  }

  @Test("items longer than the positions lose their beginning, which is noted; an answer that has none is refused")
  func positions() throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "task.jsonl")
      let long = String(repeating: "and the earth was without form ", count: 200)
      func ask(_ question: String, _ answer: String) throws {
        let item = JSON(members: [
          ("question", JSON(question)), ("choices", [JSON(answer), "void"]), ("answer", JSON(0)),
        ])
        try File.replace(path, with: item.encoded())
      }
      try ask(long, "and void")
      let result = try svnup.run(["evaluate", Inputs.embedded, "--task", path])
      #expect(result.status == 0)
      #expect(result.error.contains("1 items are longer"))
      try ask("In the beginning", long)
      let error = try svnup.refusal(["evaluate", Inputs.embedded, "--task", path, "--quiet"], status: 65)
      #expect(error.contains("item 1") && error.contains("positions"))
    }
  }

  @Test(
    "an answer is the same however it is written",
    arguments: [
      (
        #""question": "In the beginning", "choices": ["God", "B"], "answer""#,
        [["0", #""0""#, #""A""#, #""God""#], ["1", #""B""#]]
      ),
      (
        #""premise": "a", "hypothesis": "b", "label""#,
        [["0", #""entailment""#], ["1", #""1""#, #""not_entailment""#]]
      ),
      (#""passage": "a", "question": "b", "answer""#, [["false", "0"], ["true", "1", #""1""#]]),
      (#""sentence": "God _ void", "option1": "a", "option2": "b", "answer""#, [["1", #""1""#], ["2", #""2""#]]),
    ])
  func answers(fields: String, spellings: [[String]]) throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "task.jsonl")
      func accuracy(_ answer: String) throws -> Double? {
        let line = "{\(fields): \(answer)}"
        try File.replace(path, with: Array(line.utf8))
        let result = try svnup.json(["evaluate", Inputs.embedded, "--task", path])
        return result["tasks"]?.array?.first?["accuracy"]?["value"]?.double
      }
      let found = try spellings.map { try $0.map(accuracy) }
      #expect(found.allSatisfy { Set($0).count == 1 }, "\(found)")
      // One of the two is what the model says.
      #expect(Set(found.map(\.first)) == [0, 1])
    }
  }

  @Test(
    "fields that a form has no use for are named, and choices of one's own go before a form that has a passage, too")
  func unread() throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "task.jsonl")
      let line = #"{"passage": "a", "question": "b", "choices": ["c", "d", "e"], "answer": 2, "id": 7}"#
      try File.replace(path, with: Array(line.utf8))
      let run = try svnup.run(["evaluate", Inputs.embedded, "--task", path])
      #expect(run.status == 0 && run.output.contains("choices"))
      #expect(run.error.contains("not read: id, passage"))
    }
  }

  @Test(
    "an answer without a word has no tokens, and a Git LFS pointer is no task",
    arguments: [
      (#"{"question": "a", "choices": ["b", ""], "answer": 0}"#, "item 1: its question, or an answer, has no tokens"),
      (#"{"question": "a", "choices": ["b", " "], "answer": 0}"#, "item 1: its question, or an answer, has no tokens"),
      (#"{"ctx": "a", "endings": ["b", "[step]"], "label": 0}"#, "item 1: its question, or an answer, has no tokens"),
      (
        #"{"sentence": "the cat _ ", "option1": "a", "option2": "b", "answer": "1"}"#,
        "item 1: its question, or an answer, has no tokens"
      ),
      ("version https://git-lfs.github.com/spec/v1", "git lfs pull"),
    ])
  func withoutTokens(line: String, message: String) throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "task.jsonl")
      try File.replace(path, with: Array(line.utf8))
      let error = try svnup.refusal(["evaluate", Inputs.embedded, "--task", path, "--quiet"], status: 65)
      #expect(error.contains(message), "\(error)")
    }
  }

  @Test(
    "an answer of characters that the tokenizer drops has no tokens, also where the blank in front of it has one",
    .enabled(if: Fixtures.hasExtra, "the folder with the trained models is not beside the repository"))
  func dropped() throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "task.jsonl")
      // Its vocabulary has the 65 characters of its text.
      let model = Fixtures.extra("models/shakespeare-char-opt")
      for line in [#"{"question": "KING", "choices": ["日", "KING"], "answer": 1}"#, #"{"text": "KING 日"}"#] {
        try File.replace(path, with: Array(line.utf8))
        let error = try svnup.refusal(["evaluate", model, "--task", path, "--quiet"], status: 65)
        #expect(error.contains("item 1: its question, or an answer, has no tokens"))
      }
    }
  }

  @Test(
    "a line that is no item is refused by its number and field",
    arguments: [
      (#"{"question": "a", "choices": ["b", "c"]}"#, "no task that is known"),
      (#"{"question": "a", "choices": ["b", "c"], "answer": 2}"#, "answer"),
      (#"{"question": "a", "choices": ["b", "c"], "answer": "C"}"#, "letter"),
      (#"{"question": "a", "choices": ["3", "2", "1"], "answer": "1"}"#, "without quotes"),
      (#"{"question": "a", "choices": ["B", "A"], "answer": "A"}"#, "without quotes"),
      (#"{"text": "Once upon a time "}"#, "it ends with a blank"),
      (#"{"text": "Once"}"#, "a blank in front of it"),
      (#"{"text": " Once"}"#, "a blank in front of it"),
      (#"{"question": {"stem": "a", "choices": []}, "answerKey": "B"}"#, "question_stem"),
      (#"{"passage": "a", "question": "b", "answer": true, "label": 0}"#, "answer"),
      (#"{"passage": "a", "question": "b", "answer": "yes"}"#, "answer"),
      (#"{"premise": "a", "hypothesis": "b", "label": "neutral"}"#, "not_entailment"),
      (#"{"question": "a", "choices": ["b"], "answer": 0}"#, "choices"),
      (#"{"question": "a", "choices": "b", "answer": 0}"#, "choices"),
      (#"{"sentence": "no gap", "option1": "a", "option2": "b", "answer": "1"}"#, "sentence"),
      (#"{"sentence": "a _ b", "option1": "a", "option2": "b", "answer": "0"}"#, "1 or 2"),
      (#"{"text": "word"}"#, "text"), (#"{"text": "#, "line 2"), (#"[1]"#, "line 2"),
      (#"{"question": "a", "choices": {"text": ["b", "c"], "label": ["A", "B"]}, "answerKey": "C"}"#, "answerKey"),
      (#"{"question": "a", "choices": {"text": ["b", "c"], "label": ["A", "A"]}, "answerKey": "A"}"#, "2 choices have"),
    ])
  func refusals(line: String, word: String) throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "task.jsonl")
      let text = "\n" + line + "\n"
      try File.replace(path, with: Array(text.utf8))
      let error = try svnup.refusal(["evaluate", Inputs.embedded, "--task", path, "--quiet"], status: 65)
      #expect(error.contains(word) && error.contains("line 2"), "\(error)")
    }
  }
}
