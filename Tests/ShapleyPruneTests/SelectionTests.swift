import ShapleyPrune
import Support
import Testing

/// The k smallest against a stable sort.
@Suite struct SelectionTests {
  static let cases: [(String, [Float])] = {
    var generator = SeededGenerator(seed: 5)
    func list(_ count: Int, _ make: (inout SeededGenerator) -> Float) -> [Float] {
      (0..<count).map { _ in make(&generator) }
    }
    return [
      ("normal", list(1000) { Float($0.normal()).magnitude }),
      ("many ties", list(1000) { Float($0.below(7)) }),
      ("two values", list(333) { $0.below(2) == 0 ? 1 : 1.0000001 }),
      ("all magnitudes", list(1000) { Float(bitPattern: UInt32($0.below(0x7F80_0000))) }),
      ("all equal", [Float](repeating: 3, count: 100)),
      ("all zero", [Float](repeating: 0, count: 100)),
      ("zeros and infinities", list(500) { [0, .infinity, 1, Float.leastNonzeroMagnitude][$0.below(4)] }),
      ("one", [2]),
    ]
  }()

  /// 1 for the k smallest; the first ones where they are equal.
  static func sorted(_ scores: [Float], _ k: Int) -> [UInt8] {
    let order = scores.indices.sorted { (scores[$0], $0) < (scores[$1], $1) }
    var mask = [UInt8](repeating: 0, count: scores.count)
    for index in order.prefix(k) { mask[index] = 1 }
    return mask
  }

  @Test(arguments: cases)
  func agreesWithSorting(_ name: String, _ scores: [Float]) {
    let bits = scores.map(\.bitPattern)
    let n = scores.count
    for k in Set([1, 2, n / 3, n / 2, n - 1, n]) where (1...n).contains(k) {
      var mask = [UInt8](repeating: 9, count: n)
      let selection = Selection(smallest: k, of: bits, count: n)
      selection.mark(bits, count: n, into: &mask)
      #expect(mask == Self.sorted(scores, k), "\(k) of \(name)")
      #expect(Float(bitPattern: selection.threshold) == scores.sorted()[k - 1])
    }
  }

  @Test func groupsAgreeWithSorting() {
    var generator = SeededGenerator(seed: 8)
    for _ in 0..<300 {
      let count = 2 + generator.below(9)
      let scores = (0..<count).map { _ in Float(generator.below(4)) }
      let zeros = generator.below(count + 1)
      var mask = [UInt8](repeating: 9, count: count)
      Selection.markGroup(scores.map(\.bitPattern), zeros: zeros, of: count, into: &mask)
      #expect(mask == Self.sorted(scores, zeros))
    }
  }
}
