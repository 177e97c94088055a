import Charts
import Support

/// Every figure of a document as a table of places and values, with all their digits.
enum FigureTable {
  /// A row a figure; numbers of one list stand in one row.
  ///
  /// - Parameter leftOut: members of the document that another table has.
  static func rows(_ json: JSON, without leftOut: Set<String> = []) -> [[String]] {
    var rows: [[String]] = []
    for (name, value) in json.objectMembers where !leftOut.contains(name) { add(name, value, to: &rows) }
    return rows
  }

  private static func add(_ place: String, _ json: JSON, to rows: inout [[String]]) {
    switch json {
    case .object(let object):
      if object.members.isEmpty { rows.append([place, "none"]) }
      for (name, value) in json.objectMembers { add("\(place).\(name)", value, to: &rows) }
    case .array(let elements):
      let isFlat = elements.allSatisfy { $0.object == nil && $0.array == nil }
      if isFlat {
        rows.append([place, elements.isEmpty ? "none" : elements.map(text).joined(separator: ", ")])
      } else {
        for (index, element) in elements.enumerated() { add("\(place)[\(index)]", element, to: &rows) }
      }
    default: rows.append([place, text(json)])
    }
  }

  /// A figure as the document writes it.
  static func text(_ json: JSON) -> String {
    switch json {
    case .null: "none"
    case .bool(let value): value ? "yes" : "no"
    case .number(let text): text
    default: json.text ?? ""
    }
  }
}
