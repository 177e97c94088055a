import Support
import Tensor
import TestSupport
import Testing

/// A copy of a model that is stored in one file, with tensors of other numbers.
enum ChangedModel {
  /// BF16 numbers near the largest there are, with which activations overflow though every weight is finite.
  static let overflowing: UInt16 = 0x7F00

  /// Copies a model of BF16 weights into a folder that does not exist, and fills some of its tensors with one number.
  static func write(
    _ model: String, to folder: String, filling tensors: (String) -> Bool, with bits: UInt16
  ) throws {
    try FileSystem.makeDirectory(folder)
    for name in try FileSystem.list(model) {
      try File.replace(Path.join(folder, name), with: try File.contents(of: Path.join(model, name)))
    }
    let path = Path.join(folder, "model.safetensors")
    let file = try SafetensorsFile(path: path)
    var bytes = try File.contents(of: path)
    let data = bytes.count - (try #require(file.entries.map(\.range.upperBound).max()))
    for entry in file.entries where tensors("\(entry.name)") {
      try #require(entry.type == "BF16")
      for place in stride(from: data + entry.range.lowerBound, to: data + entry.range.upperBound, by: 2) {
        (bytes[place], bytes[place + 1]) = (UInt8(bits & 0xFF), UInt8(bits >> 8))
      }
    }
    try File.replace(path, with: bytes)
  }
}
