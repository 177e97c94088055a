/// The bytes of a safetensors file: the header's length (or another number in its place), the header, the data.
package func safetensors(_ header: [UInt8], data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
  withUnsafeBytes(of: (length ?? UInt64(header.count)).littleEndian) { Array($0) } + header + data
}

/// A safetensors file with this header, well-formed or not, and `dataCount` bytes of data.
package func safetensors(_ header: String, dataCount: Int = 0, length: UInt64? = nil) -> [UInt8] {
  safetensors(Array(header.utf8), data: (0..<dataCount).map { UInt8(truncatingIfNeeded: $0) }, length: length)
}
