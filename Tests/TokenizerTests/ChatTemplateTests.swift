import Support
import TestSupport
import Testing
import Tokenizer

/// Statements that make a text of 8 MiB, and a list of half a million numbers.
private let longText =
  "{% set n = namespace(t='xxxxxxxx') %}{% for i in range(20) %}{% set n.t = n.t + n.t %}{% endfor %}"
private let longList =
  "{% set n = namespace(t=[1], u=0) %}{% for i in range(19) %}{% set n.t = n.t + n.t %}{% endfor %}"

@Suite struct ChatTemplateTests {
  @Test("Every template makes of every conversation what Jinja makes of it, and refuses what Jinja refuses")
  func vectors() throws {
    let vectors = try #require(try Fixtures.json(Fixtures.path("chat/vectors.json")).array)
    #expect(vectors.count == 168)
    let now = LocalTime(year: 2024, month: 2, day: 29, hour: 0, minute: 5, second: 7)
    for vector in vectors {
      let name = try #require(vector["name"]?.text)
      let template = try ChatTemplate(
        try #require(vector["template"]?.text), specialTokens: ["bos_token": "<s>", "eos_token": "</s>"])
      let messages = try #require(vector["messages"]?.array).map {
        ChatTemplate.Message(role: $0["role"]?.text ?? "", content: $0["content"]?.text ?? "")
      }
      let prompt = vector["prompt"]?.bool == true
      if let text = vector["text"]?.text {
        #expect(try template.text(messages, addingPrompt: prompt, now: now) == text, "\(name)")
      } else {
        #expect(throws: TokenizerError.self, "\(name)") { try template.text(messages, addingPrompt: prompt, now: now) }
      }
    }
  }

  @Test("What makes a namespace where it is read, as Jinja does")
  func namespacesOnTheWay() throws {
    let template = "{{ namespace(a=1).a }}{{ namespace(b=2)['b'] }}{{ ['x', 'y'][namespace(c=1).c] }}"
    #expect(try ChatTemplate(template).text([]) == "12y")
  }

  @Test(
    "Titles, what is not there, comparisons of texts and set with a body, as Jinja has them",
    arguments: [
      ("{{ \"they're bill's friends, ÉCOLE 3x ΟΔΟΣ\".title() }}", "They'Re Bill'S Friends, École 3X Οδος"),
      ("{{ x | selectattr('a') | list | length }}{{ none | reject('odd') | list }}", "0[]"),
      ("{{ x | length }}{{ x | join(',') }}{{ x | first is defined }}", "0False"),
      ("{{ 'b' > 'a' }}{{ 'a' >= 'a' }}{{ 'a' <= 'b' }}{{ 'B' >= 'a' }}", "TrueTrueTrueFalse"),
      ("a{% set x %}{% set y = 1 %}b{{ y }}{% endset %}{{ x + x }}{{ y is defined }}", "ab1b1False"),
      (
        "{% set n = namespace(t='') %}{% for i in [1, 2] %}{% set n.t %}{{ n.t }}{{ i }}{% endset %}{% endfor %}{{ n.t }}",
        "12"
      ),
    ])
  func additions(template: String, expected: String) throws {
    #expect(try ChatTemplate(template).text([]) == expected)
  }

  @Test(
    "What is not known is refused with its place",
    arguments: [
      ("a\n{% macro f(x) %}{% endmacro %}", "line 2, column 4", "the statement macro is not known"),
      ("{{ 1 ? 2 }}", "line 1, column 6", "'?' is not a part of an expression"),
      ("{% if a %}b", "line 1, column 1", "endif is missing for what begins here"),
      ("x {{ 'a", "line 1, column 6", "the text does not end"),
      ("x {{ a", "line 1, column 3", "what begins here does not end"),
      ("{{ a b }}", "line 1, column 6", "nothing more was expected here"),
      ("{% set a %}b", "line 1, column 1", "endset is missing for what begins here"),
      ("{% set a | trim %}b{% endset %}", "line 1, column 10", "'=' is missing"),
      ("{{ 99999999999999999999 }}", "line 1, column 4", "a number that is too large"),
      ("a\r\nb\r{{ 2 == 2 == 2 }}", "line 3, column 11", "a chain of comparisons is not known"),
      ("{{ 1 in [1] not in [true] }}", "line 1, column 13", "a chain of comparisons is not known"),
      ("{{ messages[0 1] }}", "line 1, column 15", "']' is missing"),
      ("{% if true %}{% endif nonsense %}", "line 1, column 23", "nothing more was expected here"),
      ("{{ messages[] }}", "line 1, column 12", "this is no element and no slice"),
    ])
  func syntax(template: String, place: String, reason: String) throws {
    let error = try thrown(TokenizerError.self) { _ = try ChatTemplate(template, name: "t") }
    #expect("\(error)".contains(place), "\(error)")
    #expect("\(error)".contains(reason), "\(error)")
  }

  @Test(
    "What is not known is refused where it is met",
    arguments: [
      ("{{ 'a' | rot13 }}", "the filter rot13 is not known for a text"),
      ("{{ lipsum(3) }}", "the function lipsum is not known"),
      ("{{ strftime_now('%d %Q') }}", "strftime_now does not know all of '%d %Q'"),
      ("{{ messages | tojson(sort_keys=true) }}", "tojson is known with indent alone"),
      ("{{ nobody | default(boolean=true) }}", "the argument boolean of default is not known there"),
      ("{{ messages is huge }}", "the test huge is not known for a list"),
      ("{{ raise_exception('no') }}", "the template refuses the messages: no"),
      ("{{ 1 // 0 }}", "1 // 0 has no result"),
      ("{{ 'a'.swapcase() }}", "a text has no swapcase() of this kind"),
      ("{% set a.b = 1 %}", "a is no namespace"),
      ("{{ 'a,b,c'.split(',', 1) }}", "split with 2 arguments is not known"),
      ("{{ 'a'.startswith('a', 1) }}", "startswith with 2 arguments is not known"),
      ("{{ messages | join(',', 'role') }}", "join with 2 arguments is not known"),
      ("{{ range('a') }}", "range takes one number or two"),
      ("{{ range() }}", "range takes one number or two"),
      ("{{ range(0, 4, 2) }}", "range with 3 arguments is not known"),
      ("{{ -(0 - 9223372036854775807 - 1) }}", "the result is too large"),
      ("{{ -'a' }}", "there is no number to negate"),
    ])
  func meaning(template: String, reason: String) throws {
    let parsed = try ChatTemplate(template)
    let error = try thrown(TokenizerError.self) { _ = try parsed.text([.user("x")]) }
    #expect("\(error)".contains(reason), "\(error)")
    // Where nothing comes to it, it does not matter.
    #expect(try ChatTemplate("{% if false %}\(template)\n{% endif %}ok").text([.user("x")]) == "ok")
  }

  @Test("A template that asks for the date gets that of today")
  func today() throws {
    let before = LocalTime.now
    let text: String? = try ChatTemplate("{{ strftime_now('%F') }}").text([.user("x")])
    // The test may run at midnight.
    #expect([before, LocalTime.now].map { $0.formatted("%Y-%m-%d") }.contains(text))
  }

  @Test(
    "No template takes for ever, fills the memory or exhausts the stack",
    arguments: [
      "{% for a in range(999999) %}{% for b in range(999999) %}x{% endfor %}{% endfor %}",
      "{% set n = namespace(t='xxxxxxxx') %}{% for i in range(99) %}{% set n.t = n.t + n.t %}{% endfor %}",
      "{% set n = namespace(t=[1]) %}{% for i in range(99) %}{% set n.t = n.t + n.t %}{% endfor %}",
      "{% set n = namespace(t=[]) %}{% for i in range(400000) %}{% set n.t = [n.t] %}{% endfor %}{{ n.t }}",
      "{% set n = namespace(t={}) %}{% for i in range(400000) %}{% set n.t = {'a': n.t} %}{% endfor %}{{ n.t | tojson }}",
      "{% for i in range(999999) %}{% set n = namespace(t=i) %}{% endfor %}",
      longText + "{{ n.t | replace('x', n.t) }}", longText + "{{ [n.t, n.t, n.t] }}",
      longText
        + "{% set l = namespace(t=[n.t]) %}{% for i in range(19) %}{% set l.t = l.t + l.t %}{% endfor %}{{ l.t | join }}",
      longText + "{% for i in range(999999) %}{% set n.t = 'y' + n.t %}{% endfor %}",
      longList + "{{ n.t | tojson(indent=16) | length }}{{ n.t | join(longer) }}{{ n.t | map('x') }}",
      longList + "{% for i in range(999999) %}{% set n.u = [n.t] %}{% endfor %}",
      "{{ range(99999999) }}", "{{ range(0-9223372036854775807, 0) | length }}", "{{ range(0-99999999, 0) }}",
      longText + "{% for c in n.t %}{% endfor %}", longText + "{{ n.t | list | length }}",
      "{% set x = range(999999) %}{% for i in x %}{{ (x | reject('odd') | list)[:0] }}{% endfor %}",
      String(repeating: "{% if true %}", count: 5000),
      "{{ " + String(repeating: "(", count: 9000) + "1" + String(repeating: ")", count: 9000) + " }}",
      "{{ " + String(repeating: "not ", count: 90000) + "1 }}",
      "{{ 1" + String(repeating: " + 1", count: 90000) + " }}",
      "{{ a" + String(repeating: "|trim", count: 90000) + " }}", "{{ " + String(repeating: "-", count: 9000) + "1 }}",
    ])
  func hostile(template: String) throws {
    #expect(throws: TokenizerError.self) { try ChatTemplate(template).text([.user("x")]) }
  }

  @Test("Slices have any bounds")
  func slices() throws {
    let large = "9223372036854775807"
    for (slice, text) in [
      ("[\(large)::-1]", "cba"), ("[:\(large)]", "abc"), ("[\(large):]", ""), ("[:-\(large)]", ""),
      ("[-\(large):]", "abc"),
      ("[-\(large)::-1]", ""), ("[:-\(large):-1]", "cba"), ("[(-\(large) - 1):]", "abc"),
      ("[:(-\(large) - 1):-1]", "cba"),
    ] {
      #expect(try ChatTemplate("{{ 'abc'\(slice) }}").text([.user("x")]) == text, "\(slice)")
    }
  }

  @Test(
    "A directory's template is its file's, or its configuration's, of several the default; without one the model is told"
  )
  func directory() throws {
    try withTemporaryFolder { folder in
      func write(_ name: String, _ text: String) throws {
        try File.replace(Path.join(folder, name), with: Array(text.utf8))
      }
      func text() throws -> String { try ChatTemplate(directory: folder).text([.user("hi")]) }
      try write("tokenizer_config.json", #"{"bos_token": {"content": "<b>"}, "eos_token": null}"#)
      let error = try thrown(TokenizerError.self) { _ = try text() }
      #expect("\(error)".contains("the model has no chat template"))
      try write(
        "tokenizer_config.json", #"{"bos_token": "<b>", "chat_template": "{{ bos_token }}{{ messages[0].content }}"}"#)
      #expect(try text() == "<b>hi")
      let several = #"[{"name": "tool_use", "template": "no"}, {"name": "default", "template": "yes"}]"#
      try write("tokenizer_config.json", #"{"chat_template": \#(several)}"#)
      #expect(try text() == "yes")
      try write("tokenizer_config.json", #"{"chat_template": [{"name": "rag", "template": "no"}]}"#)
      let none = try thrown(TokenizerError.self) { _ = try text() }
      #expect("\(none)".contains("none of the templates is the default one"))
      try write("chat_template.jinja", "{{ messages[0].role }}\n")
      #expect(try text() == "user")
      try File.replace(Path.join(folder, "chat_template.jinja"), with: Array("{{ 1 }}".utf8) + [0xFF])
      let foreign = try thrown(TokenizerError.self) { _ = try text() }
      #expect(
        "\(foreign)".contains("chat_template.jinja: the template is not UTF-8: the first wrong byte is at offset 7"))
    }
  }
}
