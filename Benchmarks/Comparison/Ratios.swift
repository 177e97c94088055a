import Support

/// One case that both programs timed with the same number of threads.
struct Ratio: Equatable {
  let identifier: String
  let kernel: String
  let threads: Int
  let peer: String
  /// Medians, in seconds.
  let ours: Double
  let theirs: Double
  /// How many times as long the peer takes, by the medians; and by the pairs of extremes that favour one and the other.
  let median: Double
  let least: Double
  let most: Double
}

/// Puts the figures of two programs beside one another.
enum Ratios {
  /// Every case of ours that a peer has too, in our order, then in the order of the peers.
  ///
  /// Several files of one program count as one: the median of their medians, the least and the most of all.
  static func of(ours: [MeasurementFile], peers: [MeasurementFile]) -> [Ratio] {
    let mine = merged(ours.flatMap(\.figures))
    var programs: [String] = []
    for peer in peers where !programs.contains(peer.program) { programs.append(peer.program) }
    let theirs = programs.map { program in
      (program, merged(peers.filter { $0.program == program }.flatMap(\.figures), acrossKernels: true))
    }
    return mine.flatMap { own in
      theirs.compactMap { program, figures -> Ratio? in
        let match = figures.first { $0.identifier == own.identifier && $0.threads == own.threads }
        guard let match else { return nil }
        return Ratio(
          identifier: own.identifier, kernel: own.kernel, threads: own.threads, peer: program, ours: own.median,
          theirs: match.median, median: match.median / own.median, least: match.least / own.most,
          most: match.most / own.least)
      }
    }
  }

  /// One figure for each case, kernel and number of threads, in the order of their first appearance.
  private static func merged(
    _ figures: [MeasurementFile.Figure], acrossKernels: Bool = false
  ) -> [MeasurementFile.Figure] {
    struct Key: Hashable {
      let identifier: String
      let kernel: String
      let threads: Int
    }
    var order: [Key] = []
    var groups: [Key: [MeasurementFile.Figure]] = [:]
    for figure in figures {
      let key = Key(identifier: figure.identifier, kernel: acrossKernels ? "" : figure.kernel, threads: figure.threads)
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append(figure)
    }
    return order.compactMap { key in
      guard let group = groups[key], let first = group.first else { return nil }
      return MeasurementFile.Figure(
        benchmark: first.benchmark, identifier: first.identifier, kernel: first.kernel, threads: first.threads,
        median: Timing.median(of: group.map(\.median)), least: group.map(\.least).min() ?? first.least,
        most: group.map(\.most).max() ?? first.most)
    }
  }
}

extension Ratio {
  var json: JSON {
    [
      "case": JSON(identifier), "kernel": JSON(kernel), "threads": JSON(threads), "peer": JSON(peer),
      "oursSeconds": JSON(ours), "peerSeconds": JSON(theirs), "ratio": JSON(median), "leastRatio": JSON(least),
      "mostRatio": JSON(most),
    ]
  }
}
