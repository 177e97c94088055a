import ShapleyPrune
import Support
import TestSupport
import Testing

/// The k smallest against a stable sort.
@Suite struct SelectionTests {
  static let cases: [Brief<[Float]>] = {
    var generator = SeededGenerator(seed: 5)
    func list(_ count: Int, _ make: (inout SeededGenerator) -> Float) -> [Float] {
      (0..<count).map { _ in make(&generator) }
    }
    return [
      Brief("normal", list(1000) { Float($0.normal()).magnitude }),
      Brief("many ties", list(1000) { Float($0.below(7)) }),
      Brief("two values", list(333) { $0.below(2) == 0 ? 1 : 1.0000001 }),
      Brief("all magnitudes", list(1000) { Float(bitPattern: UInt32($0.below(0x7F80_0000))) }),
      Brief("all equal", [Float](repeating: 3, count: 100)),
      Brief("all zero", [Float](repeating: 0, count: 100)),
      Brief("zeros and infinities", list(500) { [0, .infinity, 1, Float.leastNonzeroMagnitude][$0.below(4)] }),
      Brief("one", [2]),
    ]
  }()

  /// 1 for the k smallest; the first ones where they are equal.
  static func sorted(_ scores: [Float], _ k: Int) -> [Int] {
    let order = scores.indices.sorted { (scores[$0], $0) < (scores[$1], $1) }
    var mask = [Int](repeating: 0, count: scores.count)
    for index in order.prefix(k) { mask[index] = 1 }
    return mask
  }

  @Test(arguments: cases)
  func agreesWithSorting(_ scored: Brief<[Float]>) {
    let (name, scores) = (scored.name, scored.value)
    let bits = scores.map(\.bitPattern)
    let n = scores.count
    for k in Set([1, 2, n / 3, n / 2, n - 1, n]) where (1...n).contains(k) {
      let selection = Selection(smallest: k, of: bits, count: n)
      var weights = [Float](repeating: 1, count: n)
      selection.clear(&weights, scores: bits, count: n)
      #expect(weights.map { $0 == 0 ? 1 : 0 } == Self.sorted(scores, k), "\(k) of \(name)")
      #expect(Float(bitPattern: selection.threshold) == scores.sorted()[k - 1])
    }
  }

  /// Chunks of any size find the same scores as the whole, with as many ties each as come first.
  @Test(arguments: cases)
  func chunksAgreeWithSorting(_ scored: Brief<[Float]>) throws {
    let (name, scores) = (scored.name, scored.value)
    let bits = scores.map(\.bitPattern)
    let n = scores.count
    for sparsity in [0.001, 0.3, 0.5, 0.999, 1] where Int(Double(n) * sparsity) > 0 {
      let expected = Self.sorted(scores, Int(Double(n) * sparsity))
      for chunk in [1, 7, 64, n] {
        let selection = try #require(ChunkedSelection(sparsity, of: bits, count: n, chunk: chunk, rule: .exact))
        #expect(selection.count == expected.reduce(0, +))
        var left = selection.ties
        let found = bits.indices.map { i -> Int in
          if bits[i] == selection.threshold, left[i / chunk] > 0 {
            left[i / chunk] -= 1
            return 1
          }
          return bits[i] < selection.threshold ? 1 : 0
        }
        #expect(found == expected, "\(sparsity) of \(name) in chunks of \(chunk)")
        #expect(left.allSatisfy { $0 == 0 }, "no chunk is given more ties than it has")
      }
    }
    #expect(ChunkedSelection(0, of: bits, count: n, chunk: 7, rule: .exact) == nil)
  }

  /// One more than asked for, and all that equal it.
  @Test(arguments: cases)
  func publishedRuleTakesAllTies(_ scored: Brief<[Float]>) throws {
    let (name, scores) = (scored.name, scored.value)
    for sparsity in [0, 0.3, 0.999, 1] {
      let selection = try #require(
        ChunkedSelection(sparsity, of: scores, count: scores.count, chunk: 7, rule: .published))
      let last = scores.sorted()[min(Int(Double(scores.count) * sparsity), scores.count - 1)]
      #expect(Float(bitPattern: selection.threshold) == last)
      #expect(selection.count == scores.count { $0 <= last }, "\(sparsity) of \(name)")
      #expect(selection.ties.reduce(0, +) == scores.count { $0 == last })
    }
  }

  /// Weights may be their own scores, whatever their signs.
  @Test func weightsStandForTheirMagnitudes() {
    var weights: [Float] = [-3, 1, -0.0, 2, -1, 4]
    let selection = Selection(smallest: 3, of: weights, count: 6)
    weights.withUnsafeMutableBufferPointer { w in
      guard let w = w.baseAddress else { return }
      selection.clear(w, scores: w, count: 6)
    }
    #expect(weights == [-3, 0, 0, 2, 0, 4])
  }

  @Test func groupsAgreeWithSorting() {
    var generator = SeededGenerator(seed: 8)
    for _ in 0..<300 {
      let count = 2 + generator.below(9)
      let scores = (0..<count).map { _ in Float(generator.below(4)) }
      let zeros = generator.below(count + 1)
      var weights = [Float](repeating: 1, count: 2 * count)
      Selection.clearGroups(
        &weights, scores: scores + scores.reversed(), count: 2 * count, keep: count - zeros, of: count)
      let expected = Self.sorted(scores, zeros) + Self.sorted(scores.reversed(), zeros)
      #expect(weights.map { $0 == 0 ? 1 : 0 } == expected)
    }
  }
}
