import Charts
import Foundation
import Support

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// What a reader of XML finds in a drawing or a page: elements in their order, texts with the room that they take.
package final class MarkupReader: NSObject, XMLParserDelegate {
  package struct Element {
    package let name: String
    package let attributes: [String: String]
    /// The elements around it, outermost first.
    package let path: [String]
    /// The text directly in it and in the elements within it.
    package fileprivate(set) var text = ""
  }

  package private(set) var elements: [Element] = []
  package private(set) var error: String?
  private var open: [Int] = []

  package init(_ text: String) {
    super.init()
    let parser = XMLParser(data: Data(text.utf8))
    parser.delegate = self
    let isComplete = parser.parse()
    if !isComplete || parser.parserError != nil || !open.isEmpty, error == nil { error = "not well-formed" }
  }

  package func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    elements.append(Element(name: name, attributes: attributes, path: open.map { elements[$0].name }))
    open.append(elements.count - 1)
  }

  package func parser(_ parser: XMLParser, foundCharacters text: String) {
    for index in open { elements[index].text += text }
  }

  package func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
    // The parser may go on after an error: an end that belongs to nothing is looked for here, too.
    if open.isEmpty || elements[open.removeLast()].name != name { error = error ?? "a stray end of \(name)" }
  }

  package func parser(_ parser: XMLParser, parseErrorOccurred found: any Error) {
    error = error ?? "line \(parser.lineNumber): \(found)"
  }

  package func all(_ name: String) -> [Element] { elements.filter { $0.name == name } }
}

/// The room of a text in a drawing.
package struct TextBox: CustomStringConvertible {
  package let text: String
  package let left: Double, right: Double, top: Double, bottom: Double

  package init?(_ element: MarkupReader.Element) {
    func number(_ name: String) -> Double? { element.attributes[name].flatMap(Double.init) }
    guard let x = number("x"), let y = number("y"), let size = number("font-size") else { return nil }
    let width = TextMetrics.width(
      element.text, size: size, isBold: element.attributes["class"] == "bold")
    let shift = ["start": 0, "middle": width / 2, "end": width][element.attributes["text-anchor"] ?? ""] ?? .nan
    let (ascent, descent) = (TextMetrics.ascent * size, TextMetrics.descent * size)
    text = element.text
    if let turn = element.attributes["transform"] {
      guard turn.hasPrefix("rotate(-90 ") else { return nil }
      // The line runs upwards from the point, its letters to the left.
      (left, right, top, bottom) = (x - ascent, x + descent, y - width + shift, y + shift)
    } else {
      (left, right, top, bottom) = (x - shift, x - shift + width, y - ascent, y + descent)
    }
  }

  package func overlaps(_ other: TextBox) -> Bool {
    left < other.right && other.left < right && top < other.bottom && other.top < bottom
  }

  package var description: String { "'\(text)' x \(left)...\(right) y \(top)...\(bottom)" }
}

/// What is wrong with how the texts of a drawing lie: pairs that overlap, and texts that leave the viewBox.
package func collisions(_ svg: String) -> [String] {
  let reader = MarkupReader(svg)
  if let error = reader.error { return [error] }
  guard let box = reader.all("svg").first?.attributes["viewBox"]?.split(separator: " ").compactMap({ Double($0) }),
    box.count == 4
  else { return ["no viewBox"] }
  let elements = reader.all("text")
  let texts = elements.compactMap(TextBox.init)
  var problems = texts.count == elements.count ? [] : ["a text has no place"]
  for (index, text) in texts.enumerated() {
    if text.left < 0 || text.top < 0 || text.right > box[2] || text.bottom > box[3] {
      problems.append("\(text) leaves \(box)")
    }
    for other in texts[(index + 1)...] where text.overlaps(other) { problems.append("\(text) overlaps \(other)") }
  }
  return problems
}

extension MarkupReader {
  /// The drawings of a page, each as a text of its own.
  package static func drawings(_ page: String) -> [String] {
    page.components(separatedBy: "<svg ").dropFirst().map { part in
      "<svg " + (part.components(separatedBy: "</svg>").first ?? "") + "</svg>"
    }
  }
}

extension MarkupReader {
  /// The words of a page's tables and sentences; drawings, whose numbers are rounded, do not count.
  package var words: Set<String> {
    let places = elements.filter { ["td", "th", "dd", "p"].contains($0.name) }
    return Set(places.flatMap { $0.text.split { " ,:".contains($0) }.map(String.init) })
  }
}

extension JSON {
  /// Every number of a document, as it is written.
  package var figures: [String] {
    switch self {
    case .number(let text): [text]
    case .array(let elements): elements.flatMap(\.figures)
    case .object: objectMembers.flatMap { $0.1.figures }
    default: []
    }
  }
}
