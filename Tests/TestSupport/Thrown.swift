import Testing

/// The error of a certain type that `body` throws; anything else is an issue of the test, and ends it.
///
/// What `#require(throws:)` returns, from Swift 6.1 on.
package func thrown<Failure: Error, Result>(
  _ type: Failure.Type, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Result
) throws -> Failure {
  do {
    _ = try body()
  } catch let error as Failure {
    return error
  } catch {
    Issue.record("\(error) is no \(type)", sourceLocation: sourceLocation)
    throw error
  }
  Issue.record("no error, where a \(type) is due", sourceLocation: sourceLocation)
  throw NothingThrown()
}

private struct NothingThrown: Error {}
