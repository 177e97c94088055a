import ShapleyPrune
import Support

/// The result of a task of a comparison: as a file, and as what stands in one under the right checksum.
struct CompareTarget: FuzzTarget {
  static let name = "compare"

  private let file = CompareTaskFile(path: "task.json", identity: ["svnup": "fuzz"])

  init(scratch: ScratchFolder) {}

  func check(_ bytes: [UInt8]) throws {
    func parse(_ bytes: [UInt8]) throws -> CompareTaskFile.Content? {
      try accepted(naming: "task.json") { () throws(DocumentError) in try file.parse(bytes) }
    }
    _ = try parse(bytes)
    // No fuzzer would guess a checksum.
    guard let result = try? JSON.parse(bytes) else { return }
    let content = try parse(file.text(CompareTaskFile.Content(result: result, seconds: 1)))
    guard let content else { throw FuzzFailure("what was written is refused") }
    try require(content.result.encoded() == result.encoded(), "it does not read back")
    let fields = FieldReader(result, source: "task.json", path: "result")
    if let outcome = try accepted(naming: "task.json", { () throws(DocumentError) in try CompareOutcome(fields) }) {
      try check(outcome.measurements, outcome.answers)
      let again = FieldReader(outcome.json, source: "task.json")
      let same = try accepted(naming: "task.json") { () throws(DocumentError) in try CompareOutcome(again) }
      try require(same?.json.encoded() == outcome.json.encoded(), "an outcome does not read back")
    }
    if let dense = try accepted(naming: "task.json", { () throws(DocumentError) in try CompareDense(fields) }) {
      try check(dense.measurements, dense.answers)
    }
    _ = try accepted(naming: "task.json") { () throws(DocumentError) in try OutputSensitivity(fields) }
  }

  private func check(_ measurements: [CompareMeasurement], _ answers: [CompareAnswers]) throws {
    for answer in answers {
      try require(answer.isRight?.isEmpty != true, "a task has no items")
      try require(answer.isRightByBytes.map { $0.count == answer.isRight?.count ?? 0 } ?? true, "items are lost")
    }
    for measured in measurements {
      let perplexity = measured.perplexity
      try require(perplexity.windows == measured.windowMeans.count, "windows are lost")
      let test = PairedTest(measured.windowMeans, measured.windowMeans.reversed())
      try require(test.probability.map { (0...1).contains($0) } ?? true, "a probability is \(test)")
    }
  }
}
