/// Split patterns one after the other: each cuts the pieces that those before it have left.
struct SplitSequence: Sendable, Equatable {
  static let largestCount = 16
  /// Bytes of a text that are cut at a time, where there is a safe place to stop.
  private static let windowSize = 1 << 15

  private var patterns: [SplitPattern]

  init(_ patterns: [SplitPattern] = []) { self.patterns = patterns }

  /// Memory that cutting reuses from text to text.
  struct Workspace: Sendable {
    /// Where the pieces of the last text end.
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

  var isEmpty: Bool { patterns.isEmpty }
  /// Whether every character is in a match of the only pattern, whatever the text.
  var coversEverything: Bool { patterns.count == 1 && patterns[0].coversEverything }

  static func == (left: SplitSequence, right: SplitSequence) -> Bool {
    left.patterns.elementsEqual(right.patterns) { $0 === $1 }
  }

  /// These and then one more.
  func followed(
    by pattern: PatternNode, reading: SplitPattern.Reading = .text
  ) throws(PatternError) -> SplitSequence {
    guard patterns.count < Self.largestCount else {
      throw PatternError(position: 0, reason: "more than \(Self.largestCount) patterns one after the other")
    }
    var all = self
    all.patterns.append(try SplitPattern(pattern, reading: reading))
    return all
  }

  /// These and then others, where these leave a text that is read as told.
  func followed(by next: SplitSequence, after reading: SplitPattern.Reading) throws(PatternError) -> SplitSequence {
    var all = self
    for pattern in next.patterns {
      if reading == .byteAlphabet, pattern.reading == .text {
        all = try all.followed(by: pattern.node, reading: reading)
      } else {
        guard all.patterns.count < Self.largestCount else {
          throw PatternError(position: 0, reason: "more than \(Self.largestCount) patterns one after the other")
        }
        all.patterns.append(pattern)
      }
    }
    return all
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
      for pattern in patterns {
        swap(&ends, &earlierEnds)
        ends.removeAll(keepingCapacity: true)
        pattern.classify(text, into: classes)
        var start = 0
        for end in earlierEnds {
          pattern.appendEnds(in: start..<end, classes, states, to: &ends)
          start = end
        }
      }
    }
    swap(&ends, &workspace.ends)
    swap(&earlierEnds, &workspace.earlierEnds)
  }

  /// Where a text can be cut that begins at `start` and is not much longer than a window; its end where nowhere.
  func endOfWindow(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    guard text.count - start > Self.windowSize else { return text.count }
    var i = start + Self.windowSize
    while i < text.count, text[i] & 0xC0 == 0x80 { i += 1 }
    return safeCut(in: text, from: i) ?? text.count
  }

  /// The first place from `start` on, which must not be 0, where a piece ends whatever stands before and after, or nil.
  ///
  /// A cut changes nothing where some pattern ends a piece there anyway, and only divides a piece for the patterns before.
  func safeCut(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    var i = start
    while i < text.count {
      if isSafe(i, in: text) { return i }
      i += UTF8Scalar.decode(text, at: i).length
    }
    return nil
  }

  private func isSafe(_ i: Int, in text: UnsafeBufferPointer<UInt8>) -> Bool {
    for pattern in patterns {
      switch pattern.effect(ofCutting: text, at: i) {
      case .nothing: return true
      case .unknown: return false
      case .divides: continue
      }
    }
    return false
  }
}

extension SplitPattern {
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
