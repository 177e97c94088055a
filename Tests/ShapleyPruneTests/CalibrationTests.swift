import ShapleyPrune
import Support
import TestSupport
import Testing
import Transformer

/// Samples of a calibration text.
@Suite struct CalibrationTests {
  static let stream = (0..<1000).map { ($0 * 7919) % 1009 }

  @Test func seedsDecide() throws {
    func samples(_ seed: UInt64) throws -> TokenBatch {
      try Calibration.samples(from: Self.stream, count: 16, length: 40, seed: seed)
    }
    #expect(try samples(0) == samples(0))
    #expect(try samples(1) == samples(1))
    #expect(try samples(0) != samples(1))
    // A longer run begins with the shorter one.
    let more = try Calibration.samples(from: Self.stream, count: 20, length: 40, seed: 1)
    #expect(try more[sequences: 0..<16] == samples(1))
  }

  @Test func samplesAreContiguousPieces() throws {
    let batch = try Calibration.samples(from: Self.stream, count: 200, length: 30, seed: 3)
    #expect(batch.sequences == 200 && batch.length == 30)
    var starts: Set<Int> = []
    for sequence in 0..<200 {
      let sample = batch[sequences: sequence..<sequence + 1].tokens
      // All ids of the stream differ, so its first one tells where a sample begins.
      let start = try #require(Self.stream.firstIndex(of: sample[0]))
      #expect(Array(Self.stream[start...].prefix(30)) == sample)
      starts.insert(start)
    }
    #expect(starts.count > 150, "they begin anywhere")
    #expect((starts.min() ?? 999) < 50 && (starts.max() ?? 0) > 920)
  }

  @Test func shortTexts() throws {
    let whole = try Calibration.samples(from: Self.stream, count: 3, length: 1000, seed: 0)
    #expect(whole.tokens == Self.stream + Self.stream + Self.stream)
    for stream in [Array(Self.stream.prefix(39)), []] {
      let error = try thrown(PruningError.self) {
        try Calibration.samples(from: stream, count: 3, length: 40, seed: 0)
      }
      #expect(error == .textTooShort(tokens: stream.count, needed: 40))
      #expect(error.failureKind == .badData)
      #expect(error.description.contains("\(stream.count)") && error.description.contains("40"))
    }
  }
}
