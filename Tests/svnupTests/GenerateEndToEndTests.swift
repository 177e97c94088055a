import Support
import TestSupport
import Testing

@Suite("svnup generate, end to end")
struct GenerateEndToEndTests {
  let svnup: CommandRunner

  init() throws { svnup = try CommandRunner() }

  private static let prompt = "In the beginning God created"

  @Test("a greedy text is the same at every call, streamed and as JSON, and goes on from its own beginning")
  func greedy() throws {
    let json = try svnup.json(["generate", Inputs.embedded, Self.prompt, "--tokens", "40"])
    let text = try #require(json["text"]?.text)
    #expect(json["tokens"]?.array?.count == 40)
    #expect(json["ending"]?.text == "limit")
    let plain = try svnup.run(["generate", Inputs.embedded, Self.prompt, "--tokens", "40"])
    #expect(plain.status == 0)
    #expect(plain.output == text + "\n")
    #expect(plain.error.contains("ended by: limit"))
    let silent = try svnup.run(["generate", Inputs.embedded, Self.prompt, "--tokens", "12", "--quiet"])
    #expect(silent.error.isEmpty)
    #expect(text.hasPrefix(silent.output.dropLast()))
    // As it stands behind the prompt.
    #expect(text.hasPrefix(" "))
    for words in [[], ["-"]] {
      let piped = try svnup.run(["generate", Inputs.embedded, "--tokens", "40"] + words, input: Self.prompt)
      #expect(piped.output == plain.output)
    }
    let odd = try svnup.run(["generate", Inputs.embedded, "--tokens", "2"], input: "\u{FEFF}a\r\nb")
    #expect(odd.error.contains("byte order mark") && odd.error.contains("carriage returns"), "\(odd.error)")
  }

  @Test(
    "settings of generation_config.json that would change a text are named, those that would not are not; ends that are no tokens, too"
  )
  func generationSettings() throws {
    try withTemporaryFolder { folder in
      for name in try FileSystem.list(Inputs.embedded) {
        try File.replace(Path.join(folder, name), with: try File.contents(of: Path.join(Inputs.embedded, name)))
      }
      let settings = #"""
        {"do_sample": true, "temperature": 1.0, "top_p": 0.9, "suppress_tokens": [], "top_k": null, "eos_token_id": [0, -1]}
        """#
      try File.replace(Path.join(folder, "generation_config.json"), with: Array(settings.utf8))
      let result = try svnup.run(["generate", folder, Self.prompt, "--tokens", "2"])
      #expect(result.status == 0)
      #expect(
        result.error.contains("generation_config.json: settings that are not read: do_sample, top_p\n"),
        "\(result.error)")
      #expect(result.error.contains("eos_token_id: the model has") && result.error.contains("ends with -1\n"))
      let plain = try svnup.run(["generate", Inputs.embedded, "a", "--tokens", "2"])
      #expect(!plain.error.contains("not read") && !plain.error.contains("eos_token_id"))
      // Older files have them in the configuration.
      try FileSystem.removeFile(Path.join(folder, "generation_config.json"))
      let configuration = Path.join(folder, "config.json")
      let text = String(decoding: try File.contents(of: configuration), as: UTF8.self)
      try File.replace(
        configuration, with: Array(text.replacing("{", with: "{\"repetition_penalty\": 1.5, ", maxReplacements: 1).utf8)
      )
      let older = try svnup.run(["generate", folder, "a", "--tokens", "2"])
      #expect(older.error.contains("config.json: settings that are not read: repetition_penalty\n"), "\(older.error)")
    }
  }

  @Test("a text ends in front of --stop, wherever that lies between tokens")
  func stop() throws {
    let whole = try svnup.json(["generate", Inputs.embedded, Self.prompt, "--tokens", "40"])
    let text = try #require(whole["text"]?.text)
    let middle = text.index(text.startIndex, offsetBy: text.count / 2)
    let stop = String(text[middle...].prefix(5))
    let json = try svnup.json(["generate", Inputs.embedded, Self.prompt, "--tokens", "40", "--stop", stop])
    let start = try #require(text.range(of: stop)?.lowerBound)
    #expect(json["text"]?.text == String(text[..<start]))
    #expect(json["ending"]?.text == "stop")
  }

  @Test("a text ends at a stop that is a special token, which is never part of it; one with more around it is named")
  func specialStop() throws {
    let words = ["generate", Inputs.embedded, Self.prompt, "--tokens", "12"]
    let usual = try svnup.json(words)
    let tokens = try #require(usual["tokens"]?.array).compactMap(\.integer)
    try withTemporaryFolder { folder in
      for name in try FileSystem.list(Inputs.embedded) {
        try File.replace(Path.join(folder, name), with: try File.contents(of: Path.join(Inputs.embedded, name)))
      }
      // The sixth token becomes a special one.
      let file = Path.join(folder, "tokenizer.json")
      var members = try JSON.parse(File.contents(of: file)).objectMembers
      let index = try #require(members.firstIndex { $0.0 == "added_tokens" })
      let vocabulary = try #require(members.first { $0.0 == "model" }?.1["vocab"]).objectMembers
      let spelling = try #require(vocabulary.first { $0.1.integer == tokens[5] }?.0)
      let special: JSON = [
        "id": JSON(tokens[5]), "content": JSON(spelling), "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": false, "special": true,
      ]
      members[index].1 = .array(try #require(members[index].1.array) + [special])
      try File.replace(file, with: JSON(members: members).encoded())
      let first = tokens.firstIndex(of: tokens[5]) ?? 5
      let stopped = try svnup.json(["generate", folder] + words.dropFirst(2) + ["--stop", spelling])
      #expect(stopped["ending"]?.text == "stop")
      #expect(stopped["tokens"]?.array?.compactMap(\.integer) == Array(tokens[..<first]))
      let never = try svnup.run(["generate", folder] + words.dropFirst(2) + ["--stop", "b\(spelling)c"])
      #expect(
        never.error.contains("the stop 'b\(spelling)c' has the special token \(spelling) in it"), "\(never.error)")
      // What has no token of its own is no special one.
      let unknown = try svnup.run(words + ["--stop", "日"])
      #expect(unknown.status == 0 && !unknown.error.contains("special token"), "\(unknown.error)")
    }
  }

  @Test("a line's own seed draws its text; tools are refused where a template would be given none")
  func lineSeeds() throws {
    try withTemporaryFolder { folder in
      let file = Path.join(folder, "prompts.jsonl")
      let lines = (1...3).map { #"{"prompt": "Moses", "seed": \#($0 / 2)}"# } + [#"{"prompt": "Moses"}"#]
      try File.replace(file, with: Array(lines.joined(separator: "\n").utf8))
      let words = ["generate", Inputs.embedded, "--prompts", file, "--tokens", "20", "--temperature", "1"]
      let greedy = try svnup.run(words.dropLast(2))
      #expect(greedy.status == 0 && greedy.error.contains("its seed says nothing"), "\(greedy.error)")
      let texts = try #require(svnup.json(words + ["--seed", "1"])["texts"]?.array).map { $0["text"]?.text }
      #expect(texts[1] == texts[2] && texts[2] == texts[3] && texts[0] != texts[1])
      for line in [
        #"{"messages": [{"role": "user", "content": "x"}], "tools": [{}]}"#, #"{"prompt": "a", "seed": -1}"#,
      ] {
        try File.replace(file, with: Array(line.utf8))
        let error = try svnup.refusal(["generate", Inputs.embedded, "--prompts", file], status: 65)
        #expect(error.contains("line 1: tools: ") || error.contains("line 1: seed: "), "\(error)")
      }
    }
  }

  @Test("a seed gives one text, another seed another")
  func seeds() throws {
    func text(_ seed: String) throws -> String? {
      try svnup.json([
        "generate", Inputs.embedded, Self.prompt, "--tokens", "30", "--temperature", "1", "--top-k", "50", "--seed",
        seed,
      ])["text"]?.text
    }
    let (first, again, other) = (try text("1"), try text("1"), try text("2"))
    #expect(first == again)
    #expect(first != other)
  }

  @Test("keys and values in BF16 make a text, too, and other precisions are refused")
  func cache() throws {
    let words = ["generate", Inputs.embedded, Self.prompt, "--tokens", "40"]
    let rounded = try svnup.json(words + ["--cache", "bf16"])
    #expect(rounded["tokens"]?.array?.count == 40)
    let (usual, exact) = (try svnup.json(words), try svnup.json(words + ["--cache", "f32"]))
    #expect(usual["text"]?.text == exact["text"]?.text)
    // Greedy texts part ways where two tokens are nearly as probable, not before.
    #expect(rounded["tokens"]?.array?.first?.integer == exact["tokens"]?.array?.first?.integer)
    #expect(try svnup.refusal(words + ["--cache", "int8"], status: 64).contains("f32"))
  }

  @Test("a pruned model and its packed form say the same, and positions that end are told")
  func packed() throws {
    try withTemporaryFolder { folder in
      let (pruned, packed) = (Path.join(folder, "pruned"), Path.join(folder, "packed"))
      _ = try svnup.json(["prune", Inputs.embedded, "--method", "magnitude", "--sparsity", "0.6", "--output", pruned])
      _ = try svnup.json(["pack", pruned, "--output", packed])
      let texts = try [pruned, packed].map { model in
        try svnup.json(["generate", model, Self.prompt, "--tokens", "100000"])
      }
      #expect(texts[0]["tokens"]?.array?.count == texts[1]["tokens"]?.array?.count)
      #expect(texts[0]["text"]?.text == texts[1]["text"]?.text)
      #expect(texts[0]["ending"]?.text == "positions" || texts[0]["ending"]?.text == "end of text")
    }
  }

  @Test("what cannot be continued is refused, and options of drawing without drawing")
  func refusals() throws {
    #expect(try svnup.refusal(["generate", Inputs.embedded, "", "--quiet"], status: 64).contains("PROMPT"))
    let long = String(repeating: "and the earth was without form ", count: 500)
    #expect(try svnup.refusal(["generate", Inputs.embedded, long, "--quiet"], status: 65).contains("positions"))
    let drawing = try svnup.refusal(["generate", Inputs.embedded, "a", "--top-k", "4"], status: 64)
    #expect(drawing.contains("--temperature"))
  }

  @Test("each of many prompts is continued as it is alone, in lines as they come or in one document")
  func prompts() throws {
    try withTemporaryFolder { folder in
      let file = Path.join(folder, "prompts.jsonl")
      let texts = [Self.prompt, "And the \"Lord\"\nsaid", "Moses"]
      let lines = texts.map { String(decoding: (["prompt": JSON($0)] as JSON).encoded(), as: UTF8.self) }
      try File.replace(file, with: Array((lines.joined(separator: "\n\n") + "\n").utf8))
      let options = ["--tokens", "9", "--temperature", "0.7", "--seed", "3"]
      let run = try svnup.run(["generate", Inputs.embedded, "--prompts", file, "--quiet"] + options)
      #expect(run.status == 0 && run.error.isEmpty)
      let results = try run.output.split(separator: "\n").map { try JSON.parse(Array($0.utf8)) }
      #expect(results.compactMap { $0["prompt"]?.text } == texts)
      for (text, result) in zip(texts, results) {
        let alone = try svnup.json(["generate", Inputs.embedded, text] + options)
        #expect(result["tokens"]?.array?.map(\.integer) == alone["tokens"]?.array?.map(\.integer))
        #expect(result["text"]?.text == alone["text"]?.text)
      }
      let document = try svnup.json(["generate", Inputs.embedded, "--prompts", file] + options)
      #expect(document["texts"]?.array?.map { $0["text"]?.text } == results.map { $0["text"]?.text })
    }
  }

  @Test("how many texts are continued at a time changes none of them, nor their order")
  func batches() throws {
    try withTemporaryFolder { folder in
      let file = Path.join(folder, "prompts.jsonl")
      // Long ones in front of short ones, so that texts end in another order than they begin.
      let beginnings = [
        "Moses ", "In the beginning ", "The king of ", "And it came ", "Woe unto ", "Fear not ", "Then Saul ",
      ]
      let prompts = beginnings.enumerated().map { index, beginning in
        beginning + String(repeating: "and he said unto them ", count: (index + 1) % 3 * 20 + 1)
      }
      let lines = prompts.map { String(decoding: (["prompt": JSON($0)] as JSON).encoded(), as: UTF8.self) }
      try File.replace(file, with: Array((lines.joined(separator: "\n") + "\n").utf8))
      let words = ["generate", Inputs.embedded, "--prompts", file, "--tokens", "30", "--stop", "the"]
      let runs = try ["1", "3", "16"].map { try svnup.json(words + ["--batch", $0])["texts"]?.array ?? [] }
      for run in runs {
        #expect(run.compactMap { $0["prompt"]?.text } == prompts)
        #expect(run.map { $0["tokens"]?.array?.map(\.integer) } == runs[0].map { $0["tokens"]?.array?.map(\.integer) })
        #expect(run.map { $0["ending"]?.text } == runs[0].map { $0["ending"]?.text })
      }
      #expect(Set(runs[0].map { $0["tokens"]?.array?.count }).count > 1, "texts of different lengths")
      let whole = try svnup.run(words)
      #expect(whole.error.contains("a second"))
    }
    #expect(try svnup.refusal(["generate", Inputs.embedded, "a", "--batch", "4"], status: 64).contains("--prompts"))
    for batch in ["0", "24"] {
      #expect(try svnup.refusal(["generate", Inputs.embedded, "--batch", batch], status: 64).contains("--batch"))
    }
  }

  @Test("what else the line of a prompt has stands behind the result, and what the result has goes before it")
  func labels() throws {
    try withTemporaryFolder { folder in
      let file = Path.join(folder, "prompts.jsonl")
      try File.replace(file, with: Array(#"{"id": [1, {"a": null}], "text": "mine", "prompt": "Moses"}"#.utf8))
      let run = try svnup.run(["generate", Inputs.embedded, "--prompts", file, "--tokens", "2"])
      let result = try JSON.parse(Array(run.output.utf8))
      #expect(result["id"]?.array?.count == 2 && result["id"]?.array?.last?["a"]?.isNull == true)
      #expect(result["text"]?.text != "mine" && result["prompt"]?.text == "Moses")
      #expect(result.objectMembers.count { $0.0 == "text" } == 1)
      #expect(run.error.contains("text: the lines of prompts have them, too"))
    }
  }

  @Test("prompts that are none are refused by their line, before the model is read")
  func malformedPrompts() throws {
    try withTemporaryFolder { folder in
      let file = Path.join(folder, "prompts.jsonl")
      for (text, problem) in [
        ("{\"prompt\": \"a\"}\n[1]\n", "line 2"), ("{\"prompt\": 7}\n", "prompt"), ("{\"prompt\": \"a\"\n", "line 1"),
        ("\n", "there is no prompt in it"), ("[\"a\"]\n", "an array, not an object"),
        (#"{"prompt": "a", "x": [NaN]}"#, "NaN is none"), (#"{"messages": []}"#, "end with"),
        (#"{"messages": [{"role": "assistant", "content": "a"}]}"#, "end with"),
        (#"{"messages": [{"role": "user", "content": [1]}]}"#, "messages[0].content"),
        (#"{"messages": [{"role": "user", "content": "a", "name": "b"}]}"#, "messages[0].name"),
        (#"{"messages": [{"role": "user", "content": "a"}], "prompt": "b"}"#, "a prompt, too"),
        (#"{"messages": [{"role": "user", "content": "a"}]}"#, "no chat template"),
      ] {
        try File.replace(file, with: Array(text.utf8))
        let run = try svnup.run(["generate", Inputs.embedded, "--prompts", file])
        #expect(run.status == 65, "\(text)")
        #expect(run.error.contains(problem) && !run.error.contains("parameters in"), "\(run.error)")
      }
      let both = try svnup.run(["generate", Inputs.embedded, "Moses", "--prompts", file])
      #expect(both.status == 64 && both.error.contains("exclude each other"))
    }
  }

  @Test("--chat continues what the chat template makes of a message, and a model without one says so")
  func chat() throws {
    try withTemporaryFolder { folder in
      for name in try FileSystem.list(Inputs.embedded) {
        try File.replace(Path.join(folder, name), with: try File.contents(of: Path.join(Inputs.embedded, name)))
      }
      let template = """
        {{- bos_token }}{% for m in messages %}{{ 'Be good: ' if m.role == 'system' }}{{ m.content }}{% endfor %}
        {%- if add_generation_prompt %} and{% endif %}
        """
      try File.replace(Path.join(folder, "chat_template.jinja"), with: Array(template.utf8))
      let options = ["--tokens", "8"]
      let said = try svnup.json(["generate", folder, "Moses", "--chat", "--system", "now "] + options)
      let plain = try svnup.json(["generate", folder, "Be good: now Moses and"] + options)
      // An answer is a text of its own; what goes on in a text begins with the blank that is there.
      #expect(said["tokens"]?.array?.map(\.integer) == plain["tokens"]?.array?.map(\.integer))
      #expect(" " + (try #require(said["text"]?.text)) == plain["text"]?.text)
      #expect(said["promptTokens"]?.integer == plain["promptTokens"]?.integer)
      let unheard = "{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}"
      for (text, isNoted) in [(unheard, true), (template, false)] {
        try File.replace(Path.join(folder, "chat_template.jinja"), with: Array(text.utf8))
        let run = try svnup.run(["generate", folder, "Moses", "--chat", "--system", "now "] + options)
        #expect(run.status == 0 && run.error.contains("nothing of the system message") == isNoted, "\(run.error)")
      }
      let file = Path.join(folder, "prompts.jsonl")
      let lines = [
        #"{"messages": [{"role": "system", "content": "now "}, {"role": "user", "content": "Moses"}]}"#,
        #"{"messages": [{"role": "user", "content": "Mo"}, {"role": "user", "content": "ses", "name": null}]}"#,
        #"{"prompt": "Moses"}"#,
      ]
      try File.replace(file, with: Array(lines.joined(separator: "\n").utf8))
      let batch = try svnup.json(["generate", folder, "--prompts", file] + options)["texts"]?.array ?? []
      let wanted = try ["Be good: now Moses and", "Moses and", "Moses"].map {
        try svnup.json(["generate", folder, $0] + options)
      }
      #expect(batch.map { $0["tokens"]?.array?.map(\.integer) } == wanted.map { $0["tokens"]?.array?.map(\.integer) })
      #expect(batch.last?["text"]?.text == wanted.last?["text"]?.text)
      #expect(batch.map { $0["promptTokens"]?.integer } == wanted.map { $0["promptTokens"]?.integer })
      #expect(batch[0]["messages"]?.array?.count == 2)
      // What the model is told goes into conversations, with --chat or without, and not into texts.
      try File.replace(file, with: Array(lines.suffix(2).joined(separator: "\n").utf8))
      let told = try svnup.run(["generate", folder, "--prompts", file, "--json", "--system", "now "] + options)
      let found = try JSON.parse(Array(told.output.utf8))["texts"]?.array?.map { $0["tokens"]?.array?.map(\.integer) }
      #expect(found?.first == wanted[0]["tokens"]?.array?.map(\.integer))
      #expect(found?.last == wanted[2]["tokens"]?.array?.map(\.integer))
      #expect(told.error.contains("line 2: it is no conversation"), "\(told.error)")
      try File.replace(file, with: Array(lines.joined(separator: "\n").utf8))
      let twice = ["generate", folder, "--prompts", file, "--chat", "--system", "x"]
      #expect(try svnup.refusal(twice + ["--quiet"], status: 65).contains("line 1: messages"))
    }
    let none = try svnup.refusal(["generate", Inputs.embedded, "Moses", "--chat", "--quiet"], status: 65)
    #expect(none.contains("the model has no chat template"))
    let alone = try svnup.refusal(["generate", Inputs.embedded, "Moses", "--system", "a"], status: 64)
    #expect(alone.contains("--chat"))
  }
}
