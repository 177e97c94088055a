/// Split patterns one after the other: each cuts the pieces that those before it have left.
struct SplitSequence: Sendable {
  static let largestCount = 16
  /// Bytes of a text that are cut at a time, where there is a safe place to stop.
  private static let windowSize = 1 << 15

  private struct Step: Sendable {
    var pattern: SplitPattern
    var style: SplitStyle
  }

  private var steps: [Step]

  init(_ patterns: [SplitPattern] = [], _ style: SplitStyle = .isolated) {
    steps = patterns.map { Step(pattern: $0, style: style) }
  }

  /// Memory that cutting reuses from text to text.
  struct Workspace: Sendable {
    /// Where the pieces of the last text end; `~end` for a piece that is removed.
    fileprivate(set) var ends: [Int] = []
    fileprivate var earlierEnds: [Int] = []
    fileprivate var classes: [UInt8] = []
    fileprivate var states: [UInt16] = []

    fileprivate mutating func withBuffers(
      _ body: (UnsafeMutableBufferPointer<UInt8>, UnsafeMutableBufferPointer<UInt16>) -> Void
    ) {
      classes.withUnsafeMutableBufferPointer { classes in
        states.withUnsafeMutableBufferPointer { states in body(classes, states) }
      }
    }

    /// Gives memory back that a long text without a safe place to stop has taken.
    mutating func releaseMemoryOfLongTexts() {
      if states.count > 1 << 20 { self = Workspace() }
    }
  }

  var isEmpty: Bool { steps.isEmpty }

  /// These and then one more.
  func followed(
    by pattern: PatternNode, _ style: SplitStyle = .isolated, reading: SplitPattern.Reading = .text
  ) throws(PatternError) -> SplitSequence {
    var all = self
    try all.append(Step(pattern: try SplitPattern(pattern, reading: reading), style: style))
    return all
  }

  /// These and then others, where these leave a text that is read as told.
  func followed(by next: SplitSequence, after reading: SplitPattern.Reading) throws(PatternError) -> SplitSequence {
    var all = self
    for step in next.steps {
      if reading == .byteAlphabet, step.pattern.reading == .text {
        all = try all.followed(by: step.pattern.node, step.style, reading: reading)
      } else {
        try all.append(step)
      }
    }
    return all
  }

  private mutating func append(_ step: Step) throws(PatternError) {
    guard steps.count < Self.largestCount else {
      throw PatternError(position: 0, reason: "more than \(Self.largestCount) patterns one after the other")
    }
    steps.append(step)
  }

  /// Finds the pieces of a text, and leaves their ends in the workspace.
  func cut(_ text: UnsafeBufferPointer<UInt8>, _ workspace: inout Workspace) {
    if workspace.states.count <= text.count {
      workspace.states = Array(repeating: 0, count: text.count + 1)
      workspace.classes = Array(repeating: 0, count: text.count + 1)
    }
    var (ends, earlierEnds): ([Int], [Int]) = ([], [])
    swap(&ends, &workspace.ends)
    swap(&earlierEnds, &workspace.earlierEnds)
    ends.removeAll(keepingCapacity: true)
    if !text.isEmpty { ends.append(text.count) }
    workspace.withBuffers { classes, states in
      for step in steps {
        swap(&ends, &earlierEnds)
        ends.removeAll(keepingCapacity: true)
        step.pattern.classify(text, into: classes)
        var start = 0
        for end in earlierEnds {
          if end < 0 {
            ends.append(end)
            start = ~end
          } else {
            step.pattern.appendEnds(in: start..<end, classes, states, step.style, to: &ends)
            start = end
          }
        }
      }
    }
    swap(&ends, &workspace.ends)
    swap(&earlierEnds, &workspace.earlierEnds)
  }

  /// Calls `body` with the pieces of a text in order, a window of it at a time.
  @inline(__always)
  func forEachPiece(
    of text: UnsafeBufferPointer<UInt8>, _ workspace: inout Workspace, _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    var start = 0
    while start < text.count {
      let window = UnsafeBufferPointer(rebasing: text[start..<endOfWindow(in: text, from: start)])
      cut(window, &workspace)
      var piece = 0
      for end in workspace.ends {
        if end >= 0 { body(UnsafeBufferPointer(rebasing: window[piece..<end])) }
        piece = end < 0 ? ~end : end
      }
      start += window.count
    }
  }

  /// Where a text can be cut that begins at `start` and is not much longer than a window; its end where nowhere.
  private func endOfWindow(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    guard text.count - start > Self.windowSize else { return text.count }
    return safeCut(in: text, from: start + Self.windowSize) ?? text.count
  }

  /// The first place from `start` on, which must not be 0, where a piece ends whatever stands before and after, or nil.
  ///
  /// A cut changes nothing where some pattern ends a piece there anyway, and only divides a piece for the patterns before.
  func safeCut(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    var i = start
    while i < text.count, text[i] & 0xC0 == 0x80 { i += 1 }
    while i < text.count {
      if isSafe(i, in: text) { return i }
      i += UTF8Scalar.decode(text, at: i).length
    }
    return nil
  }

  private func isSafe(_ i: Int, in text: UnsafeBufferPointer<UInt8>) -> Bool {
    for step in steps {
      switch step.pattern.effect(ofCutting: text, at: i, step.style) {
      case .nothing: return true
      case .unknown: return false
      case .divides: continue
      }
    }
    return false
  }
}

extension SplitPattern {
  /// The text with every match replaced.
  func replacingMatches(in text: [UInt8], with content: [UInt8]) -> [UInt8] {
    var workspace = SplitSequence.Workspace()
    text.withUnsafeBufferPointer { SplitSequence([self], .removed).cut($0, &workspace) }
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var start = 0
    for end in workspace.ends {
      result.append(contentsOf: end < 0 ? content[...] : text[start..<end])
      start = end < 0 ? ~end : end
    }
    return result
  }

  /// The ends of the pieces of a text under patterns one after the other.
  package static func ends(of patterns: [SplitPattern], in text: [UInt8]) -> [Int] {
    var workspace = SplitSequence.Workspace()
    text.withUnsafeBufferPointer { SplitSequence(patterns).cut($0, &workspace) }
    return workspace.ends
  }

  /// All places where patterns one after the other allow a cut.
  package static func safeCuts(of patterns: [SplitPattern], in text: [UInt8]) -> [Int] {
    text.withUnsafeBufferPointer { text in
      var cuts: [Int] = []
      while let cut = SplitSequence(patterns).safeCut(in: text, from: cuts.last.map { $0 + 1 } ?? 1) {
        cuts.append(cut)
      }
      return cuts
    }
  }
}
