/// Packed rows of a product's side, step by step of the depth: element (i, p) at p · `stride` + i.
///
/// It holds nothing: it is valid as long as its elements are.
@frozen @usableFromInline
package struct Panel {
  @usableFromInline package let elements: UnsafePointer<Float>
  @usableFromInline package let depth: Int
  /// Floats from one step to the next.
  @usableFromInline package let stride: Int

  @inlinable @inline(__always)
  package init(_ elements: UnsafePointer<Float>, depth: Int, stride: Int) {
    self.elements = elements
    self.depth = depth
    self.stride = stride
  }
}
