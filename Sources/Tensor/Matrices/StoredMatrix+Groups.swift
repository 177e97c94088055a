extension StoredMatrix {
  /// The first group of `group` consecutive elements of which more than `kept` are not zero: the position of its first element, and
  /// how many; nil where there is none.
  ///
  /// - Precondition: the elements are whole groups.
  package func firstGroup(of group: Int, keepingMoreThan kept: Int) -> (index: Int, kept: Int)? {
    precondition(group > 0 && count % group == 0)
    func search<Bits: FixedWidthInteger>(_ elements: UnsafePointer<Bits>) -> (index: Int, kept: Int)? {
      // Zeros have either sign.
      let magnitude = ~(1 << (Bits.bitWidth - 1)) as Bits
      for start in stride(from: 0, to: count, by: group) {
        var found = 0
        for index in start..<start + group where elements[index] & magnitude != 0 { found += 1 }
        if found > kept { return (start, found) }
      }
      return nil
    }
    return withBytes { bytes in
      switch elementType {
      case .float32: search(bytes.assumingMemoryBound(to: UInt32.self))
      case .float16, .bfloat16: search(bytes.assumingMemoryBound(to: UInt16.self))
      }
    }
  }
}
