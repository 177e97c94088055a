/// A split pattern, compiled: it finds all matches in a text in time that is linear in the text, whatever both are.
///
/// Matches are those of a matcher that goes back: the leftmost one, and among these the first by the order of
/// alternatives and repetitions. A first pass from the end finds out from which places of the pattern a match can be
/// completed, so that the second pass never takes a way that it must leave again.
///
/// - Complexity: O(n) for all pieces of n bytes together: a look-up a byte in the first pass, and in the second as many as
///   ways are open at once, which the pattern bounds. Three bytes of memory a byte.
package final class SplitPattern: Sendable {
  /// What the characters of a text are.
  enum Reading: Sendable {
    /// Scalars in UTF-8.
    case text
    /// Scalars of the alphabet of `ByteLevel`, each standing for a byte of the text.
    case byteAlphabet
  }

  /// What was compiled.
  let node: PatternNode
  private let graph: PatternGraph
  private let table: ViabilityTable
  private let cuts: CutTable
  let reading: Reading
  /// The classes of bytes as the scalars that spell them.
  private let byteClasses: [UInt8]

  /// Compiles a regular expression.
  package convenience init(_ pattern: [UInt8]) throws(PatternError) {
    try self.init(try PatternParser.parse(pattern), reading: .text)
  }

  init(_ pattern: PatternNode, reading: Reading) throws(PatternError) {
    node = pattern
    graph = try PatternGraph(PatternProgram(pattern))
    table = try ViabilityTable(graph)
    cuts = CutTable(graph, table)
    self.reading = reading
    let classes = graph.classes
    byteClasses = reading == .text ? (0..<128).map { classes($0) } : ByteLevel.scalars.map { classes($0) }
  }

  /// Writes the class of each byte of a text: of each scalar, and of what continues one.
  func classify(_ text: UnsafeBufferPointer<UInt8>, into classes: UnsafeMutableBufferPointer<UInt8>) {
    byteClasses.withUnsafeBufferPointer { byteClasses in
      if reading == .byteAlphabet {
        for i in text.indices { classes[i] = byteClasses[Int(text[i])] }
        return
      }
      var i = 0
      while i < text.count {
        if text[i] < 0x80 {
          classes[i] = byteClasses[Int(text[i])]
          i += 1
        } else {
          let (scalar, length) = UTF8Scalar.decode(text, at: i)
          classes[i] = graph.classes(scalar)
          for k in i + 1..<i + length { classes[k] = UInt8(graph.continuation) }
          i += length
        }
      }
    }
  }

  /// Appends the ends of the pieces within a range of a text, which matches and gaps make up; `~end` of removed ones.
  ///
  /// `classes` has an element more than the text; `states` has one for each of its elements, and may hold anything.
  func appendEnds(
    in range: Range<Int>, _ classes: UnsafeMutableBufferPointer<UInt8>, _ states: UnsafeMutableBufferPointer<UInt16>,
    _ style: SplitStyle, to ends: inout [Int]
  ) {
    let first = ends.count
    defer { style.merge(&ends, from: first) }
    let following = classes[range.upperBound]
    classes[range.upperBound] = UInt8(graph.end)
    defer { classes[range.upperBound] = following }
    fillStates(range, classes, states)
    table.places.withUnsafeBufferPointer { places in
      graph.starts.withUnsafeBufferPointer { starts in
        graph.targets.withUnsafeBufferPointer { targets in
          let walk = Walk(
            end: range.upperBound, kindCount: graph.kindCount, wordCount: table.wordCount, classes: classes,
            states: states,
            places: places, starts: starts, targets: targets)
          walk.appendEnds(from: range.lowerBound, continuation: UInt8(graph.continuation), style.marks, to: &ends)
        }
      }
    }
  }

  private func fillStates(
    _ range: Range<Int>, _ classes: UnsafeMutableBufferPointer<UInt8>, _ states: UnsafeMutableBufferPointer<UInt16>
  ) {
    let kindCount = graph.kindCount
    table.next.withUnsafeBufferPointer { next in
      var state = ViabilityTable.end
      states[range.upperBound] = state
      var i = range.upperBound
      while i > range.lowerBound {
        i -= 1
        state = next[Int(state) * kindCount + Int(classes[i])]
        states[i] = state
      }
    }
  }

  /// What cutting a text at a place, which must be within it and between two scalars, would change.
  func effect(ofCutting text: UnsafeBufferPointer<UInt8>, at i: Int, _ style: SplitStyle) -> CutTable.Effect {
    switch reading {
    case .text:
      let left = graph.classes(UTF8Scalar.decode(text, before: i).scalar)
      return cuts.effect(left, graph.classes(UTF8Scalar.decode(text, at: i).scalar), style)
    case .byteAlphabet:
      return cuts.effect(byteClasses[Int(text[i - 1])], byteClasses[Int(text[i])], style)
    }
  }
}

/// The second pass: from place to place, always by the first way that can be completed.
private struct Walk {
  let end: Int
  let kindCount: Int
  let wordCount: Int
  let classes: UnsafeMutableBufferPointer<UInt8>
  let states: UnsafeMutableBufferPointer<UInt16>
  let places: UnsafeBufferPointer<UInt64>
  let starts: UnsafeBufferPointer<Int32>
  let targets: UnsafeBufferPointer<Int16>

  func appendEnds(from start: Int, continuation: UInt8, _ marks: (match: Int, gap: Int), to ends: inout [Int]) {
    var i = start
    var piece = start
    while i < end {
      if classes[i] != continuation, isViable(0, at: i) {
        if piece < i { ends.append(i ^ marks.gap) }
        i = endOfMatch(from: i)
        piece = i
        ends.append(i ^ marks.match)
      } else {
        i += 1
      }
    }
    if piece < end { ends.append(end ^ marks.gap) }
  }

  @inline(__always)
  private func isViable(_ place: Int, at i: Int) -> Bool {
    places[Int(states[i]) * wordCount + place >> 6] >> UInt64(place & 63) & 1 == 1
  }

  /// The end of the match that begins at `start`, where one does.
  @inline(__always)
  private func endOfMatch(from start: Int) -> Int {
    var place = 0
    var i = start
    while true {
      let cell = place * kindCount + Int(classes[i])
      var way = Int(starts[cell])
      let last = Int(starts[cell + 1]) - 1
      // One way at least can be completed, since the place can be left: the last needs no proof.
      while way < last, targets[way] != PatternGraph.match, !isViable(Int(targets[way]), at: i + 1) { way += 1 }
      guard way <= last, targets[way] != PatternGraph.match, i < end else { return max(i, min(start + 1, end)) }
      place = Int(targets[way])
      i += 1
    }
  }
}
