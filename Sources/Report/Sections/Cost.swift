import Charts
import ShapleyPrune
import Support

extension PageSection {
  /// What a run took, by its phases; nil where nobody measured.
  public static func cost(_ events: TimedEvents?) -> PageSection? {
    guard let events else { return nil }
    return cost(of: events.phases, total: events.seconds)
  }

  /// What a run took, by its phases.
  ///
  /// - Parameters:
  ///   - phases: the phases in their order.
  ///   - total: the seconds of the whole run; those that belong to no phase are shown as such.
  public static func cost(of phases: [TimedEvents.Phase], total: Double) -> PageSection? {
    guard !phases.isEmpty else { return nil }
    // The same phase may come again and again: for each candidate of a search, for instance.
    var merged: [(label: String, seconds: Double, times: Int, depth: Int)] = []
    for phase in phases {
      if let index = merged.firstIndex(where: { $0.label == phase.label && $0.depth == phase.depth }) {
        merged[index].seconds += phase.seconds
        merged[index].times += 1
      } else {
        merged.append((phase.label, phase.seconds, 1, phase.depth))
      }
    }
    let outer = merged.filter { $0.depth == 0 }
    let rest = max(total - outer.reduce(0) { $0 + $1.seconds }, 0)
    func share(_ seconds: Double) -> String { Quantity.percent(seconds / max(total, 1e-9), digits: 1) }
    let bars = outer.map { ($0.label, $0.seconds) } + [("everything else", rest)]
    var table = PageTable("Seconds by phase", [.long("phase"), .number("seconds"), .number("share"), .number("times")])
    for phase in merged {
      table.append([
        phase.depth == 0 ? phase.label : "within a phase: \(phase.label)", phase.seconds.fixed(2),
        share(phase.seconds), String(phase.times),
      ])
    }
    table.append(["everything else", rest.fixed(2), share(rest)])
    table.append(["all", total.fixed(2), share(total)])
    return PageSection(
      "Cost by phase",
      [
        .charts([
          .chart(
            BarChart(
              title: "Seconds by phase", categories: bars.map(\.0), series: [.init("", bars.map(\.1))],
              valueLabel: "seconds", categoryLabel: "phase"),
            caption: "Wall-clock time of this run. It depends on the machine, and is not part of the record."),
          .table(table),
        ])
      ])
  }
}
