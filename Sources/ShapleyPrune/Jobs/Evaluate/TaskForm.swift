import Support

/// The forms in which people have tasks, told by the fields of their lines; each becomes the text that lm-evaluation-harness makes of it.
///
/// In the order in which lines are tried: some have the fields of later ones, too.
package enum TaskForm: String, Sendable, CaseIterable {
  case hellaSwag = "HellaSwag"
  case openBookQA = "OpenBookQA"
  case arc = "ARC"
  /// Anybody's: question, choices (texts), answer (a number from 0, the text, or a letter from A).
  case choices
  case boolQ = "BoolQ"
  case rte = "RTE"
  case winoGrande = "WinoGrande"
  case piqa = "PIQA"
  /// LAMBADA: text, of which the last word is asked for.
  case lastWord = "LAMBADA"

  /// The fields that a line of this form has, in one way or another.
  private var fields: [[String]] {
    switch self {
    case .hellaSwag: [["endings", "label"]]
    case .openBookQA: [["question_stem", "choices", "answerKey"]]
    case .arc: [["question", "choices", "answerKey"]]
    case .choices: [["question", "choices", "answer"]]
    case .boolQ: [["passage", "question"]]
    case .rte: [["sentence1", "sentence2", "label"], ["premise", "hypothesis", "label"]]
    case .winoGrande: [["sentence", "option1", "option2", "answer"]]
    case .piqa: [["goal", "sol1", "sol2", "label"]]
    case .lastWord: [["text"]]
    }
  }

  /// Further fields that are read where a line has them.
  private var furtherFields: [String] {
    switch self {
    case .hellaSwag: ["activity_label", "ctx", "ctx_a", "ctx_b"]
    case .boolQ: ["answer", "label"]
    default: []
    }
  }

  /// Fields of a line that its form has no use for.
  package func unread(_ json: FieldReader) throws(DocumentError) -> Set<String> {
    let names = Set(try json.members().map(\.name))
    return names.subtracting(fields.first { names.isSuperset(of: $0) } ?? []).subtracting(furtherFields)
  }

  /// The form of a line.
  ///
  /// Throws `DocumentError` where it has the fields of none.
  package init(_ json: FieldReader) throws(DocumentError) {
    let names = Set(try json.members().map(\.name))
    guard let form = Self.allCases.first(where: { $0.fields.contains { names.isSuperset(of: $0) } }) else {
      if let question = json.optional("question"), question.json.object != nil {
        throw question.failure(
          "this object, which files of ARC and OpenBookQA have alike, does not tell which of them it is; in front of choices and answerKey write "
            + "its stem as question for ARC, or as question_stem for OpenBookQA")
      }
      let known = Self.choices.fields[0].joined(separator: ", ")
      throw json.failure("the fields are those of no task that is known; the simplest has \(known)")
    }
    self = form
  }

  /// The item of a line.
  ///
  /// Throws `DocumentError` where a field is missing or wrong.
  package func item(_ json: FieldReader) throws(DocumentError) -> TaskItem {
    func text(_ name: String) throws(DocumentError) -> String { try json.member(name).text() }
    switch self {
    case .choices:
      let answers = try json.member("choices").texts()
      return TaskItem(
        try text("question"), answers,
        answer: try json.member("answer").number(of: answers, letters: true, or: "a choice's text or letter"))
    case .hellaSwag:
      let answers = try json.member("endings").texts().map(Self.cleaned)
      let first = try json.optional("ctx_a")?.text() ?? ""
      let second = try json.optional("ctx_b")?.text() ?? ""
      let topic = try json.optional("activity_label")?.text()
      let context = first.isEmpty ? try text("ctx") : "\(first) \(second.capitalizedFirst)"
      return TaskItem(
        Self.cleaned(topic.map { "\($0): \(context)" } ?? context), answers,
        answer: try json.member("label").number(below: answers.count))
    case .arc, .openBookQA:
      let (answers, labels) = try json.member("choices").labelledTexts()
      let key = try text("answerKey")
      let places = labels.indices.filter { labels[$0] == key }
      guard let answer = places.first, places.count == 1 else {
        let count = places.isEmpty ? "no choice has" : "\(places.count) choices have"
        throw json.failure("\(count) the label '\(key)'", at: "answerKey")
      }
      let question = self == .arc ? "Question: \(try text("question"))\nAnswer:" : try text("question_stem")
      return TaskItem(question, answers, answer: answer)
    case .boolQ:
      let answers = [json.optional("label"), json.optional("answer")].compactMap(\.self)
      guard let answer = answers.first else { throw json.failure("it is missing", at: "answer") }
      let isTrue = try answer.truth()
      for other in answers.dropFirst() where try other.truth() != isTrue {
        throw other.failure("label says something else")
      }
      return TaskItem(
        "\(try text("passage"))\nQuestion: \(try text("question"))?\nAnswer:", ["no", "yes"], answer: isTrue ? 1 : 0)
    case .rte:
      let (premise, hypothesis) =
        json.optional("sentence1") == nil
        ? (try text("premise"), try text("hypothesis")) : (try text("sentence1"), try text("sentence2"))
      let label = try json.member("label")
      return TaskItem(
        "\(premise)\nQuestion: \(hypothesis) True or False?\nAnswer:", ["True", "False"],
        answer: try label.number(of: ["entailment", "not_entailment"], or: "entailment or not_entailment"))
    case .winoGrande:
      let sentence = try text("sentence")
      guard let gap = sentence.firstIndex(of: "_") else {
        throw json.failure("it has no '_', where the options go", at: "sentence")
      }
      let (before, behind) = (sentence[..<gap], sentence[sentence.index(after: gap)...])
      let options = [try text("option1"), try text("option2")]
      let answer = try json.member("answer")
      guard let number = ["1", "2"].firstIndex(of: answer.json.text ?? answer.json.integer.map { String($0) }) else {
        throw answer.failure("expected 1 or 2")
      }
      return TaskItem(contexts: options.map { "\(before)\($0)" }, " \(behind.trimmed)", answer: number)
    case .piqa:
      return TaskItem(
        "Question: \(try text("goal"))\nAnswer:", [try text("sol1"), try text("sol2")],
        answer: try json.member("label").number(below: 2))
    case .lastWord:
      let words = try text("text").split(separator: " ", omittingEmptySubsequences: false)
      guard let last = words.last, !last.isEmpty else {
        throw json.failure("it ends with a blank, where its last word is to be", at: "text")
      }
      guard words.dropLast().contains(where: { !$0.isEmpty }) else {
        throw json.failure("its last word is to be told from words and a blank in front of it", at: "text")
      }
      return TaskItem(words.dropLast().joined(separator: " "), [String(last)], answer: 0)
    }
  }

  /// HellaSwag's texts without the marks of their source.
  private static func cleaned(_ text: String) -> String {
    var result = ""
    let marked = text.trimmed.pieces(between: " [title]").joined(separator: ". ")
    var rest = marked[...]
    while let open = rest.firstIndex(of: "["), let close = rest[open...].firstIndex(of: "]") {
      // A mark is within a line.
      let isMark = !rest[open..<close].unicodeScalars.contains("\n")
      let end = rest.index(after: isMark ? close : open)
      result += isMark ? rest[..<open] : rest[..<end]
      rest = rest[end...]
    }
    return (result + rest).pieces(between: "  ").joined(separator: " ")
  }
}

extension StringProtocol {
  /// The text without blanks at both ends.
  fileprivate var trimmed: String {
    let start = drop { $0.isWhitespace }
    guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return String(start[...last])
  }

  /// The text with a large first letter and small other ones, as Python's `capitalize` writes it.
  fileprivate var capitalizedFirst: String {
    guard let first = unicodeScalars.first else { return "" }
    // Sigma looks back over the first letter, too.
    return first.properties.titlecaseMapping
      + String(
        String(self).lowercasedInContext.unicodeScalars.dropFirst(
          first.properties.lowercaseMapping.unicodeScalars.count))
  }
}
