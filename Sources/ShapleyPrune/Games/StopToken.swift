import Support
import Synchronization

/// A way to ask running work to stop where it can go on later.
///
/// A game that finds its token set before a forward step synchronises its measurements and throws `Interruption`; a
/// later game with the same store measures only what is missing.
///
///     let stop = StopToken()
///     var game = LayerGame(model, windows: windows, absence: absence, measurements: measurements, stop: stop)
///     // In another task: stop.requestStop()
public final class StopToken: Sendable {
  private let isSet = Atomic<Bool>(false)
  private let poll: @Sendable () -> Bool
  private let atEnd: @Sendable () -> Void

  /// A token that says stop where `poll` returns true, or `requestStop` was called.
  ///
  /// - Parameters:
  ///   - poll: Called whenever the token is asked, on the thread that asks.
  ///   - atEnd: Called when a job has done the work during which it asks.
  public init(polling poll: @escaping @Sendable () -> Bool = { false }, atEnd: @escaping @Sendable () -> Void = {}) {
    self.poll = poll
    self.atEnd = atEnd
  }

  /// Makes the token say stop; may be called on any thread, and more than once.
  public func requestStop() { isSet.store(true, ordering: .relaxed) }

  /// Whether the work is to stop.
  public var isStopRequested: Bool { isSet.load(ordering: .relaxed) || poll() }

  /// Ends the polling.
  func end() { atEnd() }

  /// Throws `StopRequested` where the work is to stop.
  func check() throws(StopRequested) { if isStopRequested { throw StopRequested() } }
}

/// A stop token said stop; caught where the measurements are at hand, and thrown on as `Interruption`.
package struct StopRequested: Error {}

/// A run that was asked to stop before its end.
public struct Interruption: Error, Equatable, Sendable {
  /// The path of the store that holds the measurements; nil where they end with the process.
  public let location: String?
  /// The number of measurements that the store holds in full.
  public let measured: Int
  /// What a measurement is called, in the plural.
  public let unit: String

  /// Makes the error of a run whose measurements are in a store.
  public init(location: String?, measured: Int, unit: String = "measurements") {
    self.location = location
    self.measured = measured
    self.unit = unit
  }
}

extension Interruption: Diagnostic {
  /// What was kept.
  public var description: String {
    guard let location else { return "interrupted; nothing was kept" }
    return "interrupted; \(location) holds \(measured) \(unit), and the same command goes on from there"
  }

  package var failureKind: FailureKind { .interrupted }
}
