import Support

// How fields of a task are written.
extension FieldReader {
  /// The elements of an array of strings.
  func texts() throws(DocumentError) -> [String] {
    var texts: [String] = []
    for element in try elements() { texts.append(try element.text()) }
    guard texts.count > 1 else { throw failure("there must be two choices at least") }
    return texts
  }

  /// Choices and their labels, as one object of two arrays or as an array of objects.
  func labelledTexts() throws(DocumentError) -> (texts: [String], labels: [String]) {
    if json.array == nil {
      let (texts, labels) = (try member("text").texts(), try member("label").texts())
      guard texts.count == labels.count else {
        throw failure("there are \(texts.count) texts and \(labels.count) labels")
      }
      return (texts, labels)
    }
    var (texts, labels): ([String], [String]) = ([], [])
    for element in try elements() {
      texts.append(try element.member("text").text())
      labels.append(try element.member("label").text())
    }
    guard texts.count > 1 else { throw failure("there must be two choices at least") }
    return (texts, labels)
  }

  /// True or false, which may be written as 1 or 0.
  func truth() throws(DocumentError) -> Bool {
    if let bool = json.bool { bool } else { try number(below: 2) == 1 }
  }

  /// A number from 0, which may be written as a string.
  ///
  /// - Parameter alternative: what else could have been there, for the message.
  func number(below bound: Int, or alternative: String? = nil) throws(DocumentError) -> Int {
    let value = json.integer ?? json.text.flatMap { Int($0) }
    guard let value, (0..<bound).contains(value) else {
      throw failure("expected a number from 0 to \(bound - 1)\(alternative.map { ", or \($0)" } ?? "")")
    }
    return value
  }

  /// The number of one of some texts, or of its letter, or a number from 0.
  ///
  /// Throws also for a text that can be read in two ways and means another one in each.
  func number(of texts: [String], letters: Bool = false, or alternative: String) throws(DocumentError)
    -> Int
  {
    if let text = json.text {
      let letters = letters ? Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ".prefix(texts.count)) : []
      let letter = letters.firstIndex { String($0) == text }
      if let index = texts.firstIndex(of: text) {
        let other = letter ?? Int(text).flatMap { texts.indices.contains($0) ? $0 : nil }
        guard other == nil || other == index else {
          throw failure(
            "'\(text)' is the text of one choice and tells another one by its place; write the place as a number, without quotes"
          )
        }
        return index
      }
      if let letter { return letter }
    }
    return try number(below: texts.count, or: alternative)
  }
}
