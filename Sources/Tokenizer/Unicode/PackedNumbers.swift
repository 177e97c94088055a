/// Numbers written in digits of five bits, the least first; a digit's sixth bit tells that more follow.
struct PackedNumbers: Sequence, IteratorProtocol {
  private let digits: StaticString
  private var place = 0

  init(_ digits: StaticString) { self.digits = digits }

  mutating func next() -> Int? {
    var number = 0
    var shift = 0
    while place < digits.utf8CodeUnitCount, shift < 60 {
      let digit = Self.value(of: digits.utf8Start[place])
      place += 1
      number |= (digit & 31) << shift
      if digit < 32 { return number }
      shift += 5
    }
    return nil
  }

  /// The next number with its sign, which is its last bit.
  mutating func nextSigned() -> Int? { next().map { $0 & 1 == 0 ? $0 >> 1 : -(($0 + 1) >> 1) } }

  private static func value(of digit: UInt8) -> Int {
    switch digit {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(digit - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(digit - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(digit - UInt8(ascii: "0")) + 52
    default: digit == UInt8(ascii: "-") ? 62 : 63
    }
  }
}

extension ScalarSet {
  /// Gap and length of each range.
  init(packed digits: StaticString) {
    self = .empty
    var numbers = PackedNumbers(digits)
    var end = 0
    while let gap = numbers.next(), let length = numbers.next() {
      append(UInt32(end + gap)..<UInt32(end + gap + length))
      end += gap + length
    }
  }
}

/// What characters become, each on its own.
///
/// Packed as runs whose scalars, and the first scalars of what they become, advance by one step: the signed distance to the
/// run before, a header, the number and the step where there is more than one, and the scalars as signed distances.
/// The header is the kind, 4 for a run, and 8 times the number of scalars.
struct ScalarMappings {
  /// One character and what it becomes.
  typealias Mapping = (scalar: UInt32, kind: Int, content: [UInt32])

  private(set) var all: [Mapping] = []

  init(packed digits: StaticString) {
    var numbers = PackedNumbers(digits)
    var (scalar, target) = (0, 0)
    while let distance = numbers.nextSigned(), let header = numbers.next() {
      let isRun = header & 4 != 0
      let (count, step) = (isRun ? numbers.next() ?? 0 : 1, isRun ? numbers.next() ?? 0 : 0)
      scalar += distance
      var content: [Int] = []
      for _ in 0..<header >> 3 { content.append((content.last ?? target) + (numbers.nextSigned() ?? 0)) }
      target = content.first ?? target
      for i in 0..<count {
        let mapped = content.enumerated().map { UInt32($1 + ($0 == 0 ? i * step : 0)) }
        all.append((UInt32(scalar + i * step), header & 3, mapped))
      }
    }
  }
}
