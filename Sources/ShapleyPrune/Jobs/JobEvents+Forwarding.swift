import Support
import Synchronization

/// Passes on what a job tells, under a prefix: for work of several jobs.
package struct LabelledEvents: JobEvents {
  private let events: any JobEvents
  /// What stands in front of every label.
  private let prefix: String
  private let passesNotes: Bool

  /// - Parameter notes: whether notes are passed on.
  package init(_ events: any JobEvents, prefix: String, notes: Bool = true) {
    (self.events, self.prefix, passesNotes) = (events, prefix, notes)
  }

  package func note(_ text: String) { if passesNotes { events.note(text) } }
  package func begin(_ label: String, unit: String) -> any JobProgress { events.begin(prefix + label, unit: unit) }
}

/// Passes on every note once: many jobs with the same files find the same things.
final class OnceEvents: JobEvents {
  private let events: any JobEvents
  private let told = Mutex<Set<String>>([])

  init(_ events: any JobEvents) { self.events = events }

  func note(_ text: String) { if told.withLock({ $0.insert(text).inserted }) { events.note(text) } }
  func begin(_ label: String, unit: String) -> any JobProgress { events.begin(label, unit: unit) }
}
