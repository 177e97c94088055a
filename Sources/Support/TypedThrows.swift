extension Array {
  /// Calls `body` with the elements where they lie, and throws what it throws.
  ///
  /// The standard library's own function throws errors of any type before Swift 6.1.
  package func withElements<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try withUnsafeBufferPointer { elements -> Swift.Result<Result, Failure> in
      do throws(Failure) { return .success(try body(elements)) } catch { return .failure(error) }
    }.get()
  }
}
