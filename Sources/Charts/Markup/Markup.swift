/// A piece of a page or of a drawing: text, or an element with attributes and contents.
///
/// Texts are escaped where they are written, so that no text from a file or a command line can become markup.
///
///     Markup.element("p", [("class", "lead")], [.text("1 < 2")]).rendered  // <p class="lead">1 &lt; 2</p>
public struct Markup: Sendable {
  /// An attribute of an element.
  public typealias Attribute = (name: String, value: String)

  private enum Content: Sendable {
    case text(String)
    case element(name: String, attributes: [Attribute], contents: [Markup])
    /// Rules of our own: a style element's content is not escaped, since a browser reads it as it stands.
    case style(String)
  }

  private let content: Content

  /// Text; every character stands for itself.
  public static func text(_ text: String) -> Markup { Markup(content: .text(text)) }

  /// An element with attributes and contents.
  ///
  /// Its name and the names of its attributes must not come from outside; all values may.
  public static func element(_ name: String, _ attributes: [Attribute] = [], _ contents: [Markup] = []) -> Markup {
    Markup(content: .element(name: name, attributes: attributes, contents: contents))
  }

  /// An element that holds one text.
  public static func element(_ name: String, _ attributes: [Attribute] = [], text: String) -> Markup {
    element(name, attributes, [.text(text)])
  }

  /// A style element with rules that we wrote: they contain no `<`, and nothing from outside.
  static func style(_ rules: String) -> Markup { Markup(content: .style(rules)) }

  /// The markup as text that is both HTML and well-formed XML.
  public var rendered: String {
    var out = ""
    write(to: &out)
    return out
  }

  func write(to out: inout String) {
    switch content {
    case .text(let text): out += SafeText.escaped(text)
    case .style(let rules): out += "<style>\(rules)</style>"
    case .element(let name, let attributes, let contents):
      out += "<\(name)"
      for (name, value) in attributes { out += " \(name)=\"\(SafeText.escaped(value))\"" }
      if contents.isEmpty, Self.emptyElements.contains(name) {
        out += "/>"
        return
      }
      out += ">"
      for part in contents { part.write(to: &out) }
      out += "</\(name)>"
      if Self.lineElements.contains(name) { out += "\n" }
    }
  }

  /// Elements that may close themselves: those of HTML that never have contents, and shapes.
  private static let emptyElements: Set = [
    "meta", "link", "br", "hr", "img", "rect", "line", "path", "circle", "polygon",
  ]

  /// Elements that end a line, so that a page can be compared line by line.
  private static let lineElements: Set = [
    "head", "title", "h1", "h2", "h3", "h4", "p", "tr", "table", "figure", "section", "details", "summary", "svg", "g",
    "text", "dt", "dd", "dl", "nav", "li", "header",
  ]
}
