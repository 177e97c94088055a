import Support

extension ValueKind where Value == Int {
  /// A number of bytes with its unit: 4GiB, 1.5GiB, 512MiB, 2G (1,024 each), 1500MB (1,000 each).
  package static var byteSize: Self {
    Self(placeholder: "SIZE") { text throws(UsageError) in
      let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      let unit = text.dropFirst(number.count).uppercased()
      guard let power = ["K", "M", "G", "T"].firstIndex(of: unit.prefix(1)), let value = Double(number),
        ["", "B", "IB"].contains(unit.dropFirst())
      else { throw UsageError("must be a size with its unit, as in 4GiB, 512MiB or 1500MB") }
      let step: Double = unit.hasSuffix("B") && !unit.hasSuffix("IB") ? 1000 : 1024
      let bytes = (0...power).reduce(value) { product, _ in product * step }
      guard bytes >= 0x1p20, bytes < 0x1p60 else { throw UsageError("must be 1MiB or more, and less than 1024PiB") }
      return Int(bytes)
    }
  }
}
