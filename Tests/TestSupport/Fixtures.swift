import Support
import Tensor

/// Files that tests read.
package enum Fixtures {
  /// The root of the repository.
  package static let repository: String = {
    // Tests/TestSupport/Fixtures.swift, three levels below the root.
    Path.parent(of: Path.parent(of: Path.parent(of: #filePath)))
  }()

  /// A file of the repository's own fixtures.
  package static func path(_ name: String) -> String { Path.join(repository, "Tests/Fixtures/\(name)") }

  /// The embedded model's folder.
  package static var embeddedModel: String { Path.join(repository, "Sources/svnup/Resources/kjv-llama") }

  /// A file of the extra data that may lie beside the repository; tests that need it are skipped where it does not.
  package static func extra(_ name: String) -> String { Path.join(Path.parent(of: repository), "shared/\(name)") }

  /// Whether the extra data are there.
  package static var hasExtra: Bool { FileSystem.exists(extra("models")) }

  /// The JSON of a file.
  package static func json(_ path: String) throws -> JSON { try JSON.parse(try File.contents(of: path)) }

  /// A tensor of Floats with its shape.
  package static func floats(_ file: SafetensorsFile, _ name: String) throws -> (values: [Float], shape: [Int]) {
    let bytes = try file.bytes(of: TensorName(name))
    let values = bytes.withUnsafeBytes { raw in
      (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
    return (values, file.entry(TensorName(name))?.shape ?? [])
  }
}

extension JSON {
  /// The numbers of an array; what is no number is NaN.
  package var doubles: [Double] { (array ?? []).map { $0.double ?? .nan } }
  /// The whole numbers of an array; what is none is the least Int.
  package var integers: [Int] { (array ?? []).map { $0.integer ?? .min } }
}

/// The largest distance between two sequences of numbers; infinite where their counts differ or a number is NaN.
package func largestDifference(_ a: some Sequence<Float>, _ b: some Sequence<Float>) -> Float {
  let (a, b) = (Array(a), Array(b))
  guard a.count == b.count else { return .infinity }
  return zip(a, b).reduce(0) { largest, pair in
    let distance = (pair.0 - pair.1).magnitude
    return distance.isNaN ? .infinity : Swift.max(largest, distance)
  }
}
