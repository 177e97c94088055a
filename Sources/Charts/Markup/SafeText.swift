import Support

/// Text as it may stand in markup.
enum SafeText {
  /// The text with the five characters of XML as references.
  ///
  /// Characters that are not shown, or that turn the direction of what follows, are spelled out as `\u{202E}`: XML forbids some of
  /// them, and with the others a name could pass for another one.
  static func escaped(_ text: String) -> String {
    var out = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": out.append(contentsOf: "&amp;".unicodeScalars)
      case "<": out.append(contentsOf: "&lt;".unicodeScalars)
      case ">": out.append(contentsOf: "&gt;".unicodeScalars)
      case "\"": out.append(contentsOf: "&quot;".unicodeScalars)
      case "'": out.append(contentsOf: "&#39;".unicodeScalars)
      case "\n": out.append(scalar)
      default: out.append(contentsOf: spelled(scalar))
      }
    }
    return String(out)
  }

  /// The text as it will be read: what is spelled out is spelled out, and nothing is a reference.
  static func visible(_ text: String) -> String {
    var out = String.UnicodeScalarView()
    for scalar in text.unicodeScalars { out.append(contentsOf: spelled(scalar)) }
    return String(out)
  }

  private static func spelled(_ scalar: Unicode.Scalar) -> String.UnicodeScalarView {
    if scalar.isASCII, scalar.value >= 0x20, scalar.value != 0x7F { return String.UnicodeScalarView([scalar]) }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse, .surrogate:
      return "\\u{\(String(scalar.value, radix: 16, uppercase: true))}".unicodeScalars
    default: return String.UnicodeScalarView([scalar])
    }
  }
}
