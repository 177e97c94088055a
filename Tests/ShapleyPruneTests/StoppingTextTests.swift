import ShapleyPrune
import Support
import Testing

@Suite struct StoppingTextTests {
  /// The text in front of whichever stop is complete first, looked for in the whole text; nil where none is in it.
  private func expected(_ text: [Character], _ stops: [[Character]]) -> String? {
    for end in 0...text.count {
      let starts = stops.filter { !$0.isEmpty && text[..<end].suffix($0.count).elementsEqual($0) }.map {
        end - $0.count
      }
      if let start = starts.min() { return String(text[..<start]) }
    }
    return nil
  }

  @Test("A text ends in front of the stop that is complete first, however it is cut into pieces", arguments: 0..<200)
  func random(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    func word(_ longest: Int) -> [Character] {
      (0..<generator.below(longest)).map { _ in ["a", "b", "é"][generator.below(3)] }
    }
    let text = word(40)
    let stops = (0..<generator.below(4)).map { _ in word(7) }
    var output = StoppingText(stops: stops.map { String($0) })
    var given = ""
    var rest = text[...]
    while !rest.isEmpty {
      let piece = rest.prefix(1 + generator.below(4))
      rest = rest.dropFirst(piece.count)
      given += output.append(String(piece))
    }
    given += output.finish()
    let whole = expected(text, stops)
    #expect(given == whole ?? String(text) && output.text == given)
    #expect(output.isStopped == (whole != nil))
  }

  @Test("What is no beginning of a stop is given out at once")
  func prompt() {
    var output = StoppingText(stops: [" unto Moses", "nto"])
    #expect(output.append("spake u") == "spake")
    #expect(output.append("p") == " up")
    #expect(output.append(" unt") == "")
    #expect(output.append("o") == " u" && output.isStopped)
    #expect(output.append(" Moses") == "" && output.finish() == "" && output.text == "spake up u")
  }
}
