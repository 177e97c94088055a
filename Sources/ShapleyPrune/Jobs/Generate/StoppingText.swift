/// A text that comes in pieces and ends in front of whichever of some texts is complete first.
package struct StoppingText {
  private let stops: [[UInt8]]
  /// Everything that was given out.
  package private(set) var text = ""
  /// What may yet become a text to stop at.
  private var held: [UInt8] = []
  package private(set) var isStopped = false

  package init(stops: [String]) { self.stops = stops.map { Array($0.utf8) }.filter { !$0.isEmpty } }

  /// What is certain with a further piece.
  package mutating func append(_ piece: String) -> String {
    guard !isStopped else { return "" }
    for byte in piece.utf8 {
      held.append(byte)
      // Of those that end here, the one that begins first.
      let complete = stops.filter { held.suffix($0.count).elementsEqual($0) }.map(\.count).max()
      guard let complete else { continue }
      isStopped = true
      return give(held.count - complete)
    }
    // The longest end of the text that one begins with.
    return give(held.indices.first { start in stops.contains { $0.starts(with: held[start...]) } } ?? held.count)
  }

  /// What was held back.
  package mutating func finish() -> String { isStopped ? "" : give(held.count) }

  /// Gives out the first bytes; a stop begins with a whole character, so that they are whole ones too.
  private mutating func give(_ count: Int) -> String {
    let piece = String(decoding: held[..<count], as: UTF8.self)
    held.removeFirst(count)
    text += piece
    return piece
  }
}
