import Support

/// Calls `body` with kernels limited to `count` threads; without it they use all processors that are online.
///
/// Results are the same to the bit for any number of threads.
///
/// - Precondition: `count` is at least 1.
public func withThreads<Result, Failure: Error>(
  _ count: Int, _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
  precondition(count >= 1, "work needs at least one thread")
  var result: Swift.Result<Result, Failure>?
  Parallel.$threadCount.withValue(count) {
    do throws(Failure) { result = .success(try body()) } catch { result = .failure(error) }
  }
  guard let result else { preconditionFailure("withValue calls its body") }
  return try result.get()
}
