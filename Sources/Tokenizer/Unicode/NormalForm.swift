/// The normal forms of Unicode, by the tables of the reference, which are of Unicode 9.
///
/// (Unicode Standard Annex 15.)
package enum NormalForm: CaseIterable, Sendable {
  case nfc, nfd, nfkc, nfkd

  private var isCompatible: Bool { self == .nfkc || self == .nfkd }
  private var composes: Bool { self == .nfc || self == .nfkc }

  /// How many times as long a text can become: U+0390 has six bytes for two, U+FDFA thirty-three for three.
  ///
  /// A test compares all characters. Composition never needs more bytes than the characters that it joins.
  package var growth: Double { isCompatible ? 11 : 3 }

  /// The text in this form; bytes that are no UTF-8 stay as they are, and nothing is composed across them.
  ///
  /// - Complexity: O(n), and O(n log n) for the marks of one character; 8 bytes of memory for each of them.
  package func callAsFunction(_ text: [UInt8]) -> [UInt8] {
    guard text.contains(where: { $0 >= 0x80 }) else { return text }
    var writer = Writer(form: self, capacity: text.count)
    text.withUnsafeBufferPointer { writer.append($0) }
    return writer.output
  }

  /// A scalar, as `UTF8Scalar.decodeStrictly` reads it, and its combining class.
  private typealias Item = (scalar: UInt32, rank: UInt8)

  private struct Writer {
    let form: NormalForm
    let characters = NormalizationCharacters.unicode9
    var output: [UInt8] = []
    /// A starter and what may move or be composed with it.
    var segment: [Item] = []

    init(form: NormalForm, capacity: Int) {
      self.form = form
      output.reserveCapacity(capacity)
    }

    mutating func append(_ text: UnsafeBufferPointer<UInt8>) {
      var copied = 0
      var last = 0
      var i = 0
      while i < text.count {
        // A character that stays and neither moves nor is composed with what stands before it ends what did.
        if text[i] < 0x80 {
          last = i
          i += 1
          continue
        }
        let (scalar, length) = UTF8Scalar.decodeStrictly(text, at: i)
        if characters[scalar].isInert {
          last = i
          i += length
          continue
        }
        output.append(contentsOf: text[copied..<last])
        if last < i { segment.append((UTF8Scalar.decodeStrictly(text, at: last).scalar, 0)) }
        copied = endOfSegments(in: text, from: i)
        (last, i) = (copied, copied)
      }
      output.append(contentsOf: text[copied...])
    }

    /// Writes what stands before the next inert character, and returns its place.
    private mutating func endOfSegments(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
      var i = start
      while i < text.count {
        let (scalar, length) = UTF8Scalar.decodeStrictly(text, at: i)
        let character = characters[scalar]
        if character.isInert { break }
        i += length
        if character.isSyllable {
          for jamo in Hangul.decomposition(of: scalar) { push(jamo, characters[jamo]) }
        } else if let mapping = form.isCompatible ? character.compatibility : character.canonical {
          for mapped in characters.contents[mapping] { push(mapped, characters[mapped]) }
        } else {
          push(scalar, character)
        }
      }
      flush()
      return i
    }

    private mutating func push(_ scalar: UInt32, _ character: NormalizationCharacters.Character) {
      if character.rank == 0, !character.isSecond { flush() }
      segment.append((scalar, character.rank))
    }

    private mutating func flush() {
      order()
      if form.composes { compose() }
      for (scalar, _) in segment { UTF8Scalar.append(scalar, to: &output) }
      segment.removeAll(keepingCapacity: true)
    }

    /// Sorts the marks between starters by their classes; marks of one class keep their order.
    private mutating func order() {
      var start = 0
      while start < segment.count {
        var end = start
        var isOrdered = true
        while end < segment.count, segment[end].rank > 0 {
          if end > start, segment[end - 1].rank > segment[end].rank { isOrdered = false }
          end += 1
        }
        if !isOrdered {
          let sorted = segment[start..<end].enumerated().sorted {
            ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset)
          }
          for (i, item) in sorted.enumerated() { segment[start + i] = item.element }
        }
        start = end + 1
      }
    }

    /// Joins starters with what follows, unless something between is of the same class or a higher one.
    private mutating func compose() {
      var starter: Int?
      // -1 where nothing is between.
      var lastRank = -1
      var count = 0
      for i in segment.indices {
        let item = segment[i]
        if let starter, lastRank < Int(item.rank),
          let whole = characters.composition(segment[starter].scalar, item.scalar)
        {
          segment[starter].scalar = whole
          continue
        }
        if item.rank == 0 { starter = count }
        lastRank = item.rank == 0 ? -1 : Int(item.rank)
        segment[count] = item
        count += 1
      }
      segment.removeLast(segment.count - count)
    }
  }
}

/// What normal forms need to know of each character.
struct NormalizationCharacters: Sendable {
  /// The one table, built on first use.
  static let unicode9 = NormalizationCharacters()

  struct Character: Sendable {
    /// The combining class.
    var rank: UInt8 = 0
    /// Whether it can be composed with a character before it.
    var isSecond = false
    var isSyllable = false
    /// Places in `contents`.
    var canonical: Int?
    var compatibility: Int?
    /// Whether no form changes it, whatever stands before it.
    var isInert = true
  }

  /// What characters decompose to.
  private(set) var contents: [[UInt32]] = []
  private var known = [Character()]
  /// Pages of 128 places in `known`, equal pages stored once.
  private var pages: [UInt16] = []
  private var leaves: [UInt16] = []
  private var compositions: [UInt64: UInt32] = [:]

  private init() {
    var flat: [UInt32: Character] = [:]
    var ranks = PackedNumbers(UnicodeTables.combiningClasses)
    var end = 0
    while let gap = ranks.next(), let count = ranks.next(), let rank = ranks.next() {
      for scalar in end + gap..<end + gap + count {
        flat[UInt32(scalar), default: Character()].rank = UInt8(truncatingIfNeeded: rank)
      }
      end += gap + count
    }
    var composed: [(scalar: UInt32, content: [UInt32])] = []
    for (scalar, kind, content) in ScalarMappings(packed: UnicodeTables.decompositions).all {
      if kind < 2 { flat[scalar, default: Character()].canonical = contents.count }
      flat[scalar, default: Character()].compatibility = contents.count
      contents.append(content)
      if kind == 0 { composed.append((scalar, content)) }
    }
    // A full decomposition is the composition of all but its last scalar, and that one.
    for (scalar, content) in composed.sorted(by: { $0.content.count < $1.content.count }) {
      guard let second = content.last,
        let first = content.dropLast().dropFirst().reduce(
          content.first,
          { whole, next in
            whole.flatMap { compositions[Self.key($0, next)] }
          })
      else { continue }
      compositions[Self.key(first, second)] = scalar
      flat[second, default: Character()].isSecond = true
    }
    for scalar in Hangul.seconds { flat[scalar, default: Character()].isSecond = true }
    for scalar in Hangul.syllables { flat[scalar, default: Character()].isSyllable = true }
    fill(flat)
  }

  private mutating func fill(_ flat: [UInt32: Character]) {
    var places: [UInt32: UInt16] = [:]
    var ofSyllables: UInt16?
    for (scalar, character) in flat.sorted(by: { $0.key < $1.key }) {
      if character.isSyllable, let place = ofSyllables {
        places[scalar] = place
        continue
      }
      places[scalar] = UInt16(truncatingIfNeeded: known.count)
      if character.isSyllable { ofSyllables = places[scalar] }
      known.append(character)
      known[known.count - 1].isInert = false
    }
    var pageOfLeaf: [[UInt16]: UInt16] = [:]
    for first in stride(from: UInt32(0), to: ScalarSet.limit, by: 128) {
      let leaf = (first..<first + 128).map { places[$0] ?? 0 }
      let page = pageOfLeaf[leaf] ?? UInt16(truncatingIfNeeded: leaves.count / 128)
      if pageOfLeaf[leaf] == nil { leaves += leaf }
      pageOfLeaf[leaf] = page
      pages.append(page)
    }
  }

  subscript(scalar: UInt32) -> Character {
    guard scalar < ScalarSet.limit else { return known[0] }
    return known[Int(leaves[Int(pages[Int(scalar >> 7)]) << 7 | Int(scalar & 0x7F)])]
  }

  /// The character that is the same as these two.
  func composition(_ first: UInt32, _ second: UInt32) -> UInt32? {
    Hangul.composition(first, second) ?? compositions[Self.key(first, second)]
  }

  private static func key(_ first: UInt32, _ second: UInt32) -> UInt64 { UInt64(first) << 32 | UInt64(second) }
}

/// Syllables of Hangul, which arithmetic takes apart (The Unicode Standard, section 3.12).
enum Hangul {
  static let syllables: ClosedRange<UInt32> = 0xAC00...0xD7A3
  private static let leading: Range<UInt32> = 0x1100..<0x1113
  private static let vowels: Range<UInt32> = 0x1161..<0x1176
  /// The one before the first trailing consonant stands for none.
  private static let trailing: Range<UInt32> = 0x11A7..<0x11C3

  /// What can follow within a syllable.
  static var seconds: [UInt32] { Array(vowels) + trailing.dropFirst() }

  static func decomposition(of syllable: UInt32) -> [UInt32] {
    let place = Int(syllable - syllables.lowerBound)
    let (rest, tail) = place.quotientAndRemainder(dividingBy: trailing.count)
    let (head, vowel) = rest.quotientAndRemainder(dividingBy: vowels.count)
    let parts = [leading.lowerBound + UInt32(head), vowels.lowerBound + UInt32(vowel)]
    return tail == 0 ? parts : parts + [trailing.lowerBound + UInt32(tail)]
  }

  static func composition(_ first: UInt32, _ second: UInt32) -> UInt32? {
    let (vowelCount, tailCount) = (UInt32(vowels.count), UInt32(trailing.count))
    if leading.contains(first), vowels.contains(second) {
      let place = (first - leading.lowerBound) * vowelCount + second - vowels.lowerBound
      return syllables.lowerBound + place * tailCount
    }
    guard syllables.contains(first), (first - syllables.lowerBound) % tailCount == 0,
      trailing.dropFirst().contains(second)
    else { return nil }
    return first + second - trailing.lowerBound
  }
}
