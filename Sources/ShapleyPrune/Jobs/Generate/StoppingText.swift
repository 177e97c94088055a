/// A text that comes in pieces and ends in front of the first of some texts.
struct StoppingText {
  private let stops: [[UInt8]]
  /// Everything that was given out.
  private(set) var text = ""
  /// What may yet become a text to stop at.
  private var held: [UInt8] = []
  private(set) var isStopped = false

  init(stops: [String]) { self.stops = stops.map { Array($0.utf8) }.filter { !$0.isEmpty } }

  /// What is certain with a further piece.
  mutating func append(_ piece: String) -> String {
    guard !isStopped else { return "" }
    held.append(contentsOf: piece.utf8)
    for start in held.indices {
      let rest = held[start...]
      if stops.contains(where: { rest.starts(with: $0) }) {
        isStopped = true
        return give(start)
      }
      // The beginning of one, as far as there is text.
      if stops.contains(where: { $0.starts(with: rest) }) { return give(start) }
    }
    return give(held.count)
  }

  /// What was held back.
  mutating func finish() -> String { isStopped ? "" : give(held.count) }

  /// Gives out the first bytes; a stop begins with a whole character, so that they are whole ones too.
  private mutating func give(_ count: Int) -> String {
    let piece = String(decoding: held[..<count], as: UTF8.self)
    held.removeFirst(count)
    text += piece
    return piece
  }
}
