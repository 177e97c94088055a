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
  /// Every case of ours, of some benchmarks where they are named, that a peer has too, in our order, then in the order of the peers.
  ///
  /// Several files of one program count as one: the median of their medians, the least and the most of all.
  ///
  /// Throws where two tokenizers made different numbers of ids of one text: they did not do the same work.
  static func of(
    ours: [MeasurementFile], peers: [MeasurementFile], benchmarks: [String]? = nil
  ) throws(BenchmarkError) -> [Ratio] {
    let mine = merged(ours.flatMap(\.figures)).filter { benchmarks?.contains($0.benchmark) ?? true }
    var programs: [String] = []
    for peer in peers where !programs.contains(peer.program) { programs.append(peer.program) }
    let theirs = programs.map { program in
      (program, merged(peers.filter { $0.program == program }.flatMap(\.figures)))
    }
    var ratios: [Ratio] = []
    for own in mine {
      for (program, figures) in theirs {
        let same = figures.filter { $0.identifier == own.identifier && $0.threads == own.threads }
        // Where the peer is an earlier run of ours, kernels have the same names and meet their like.
        guard let match = same.first(where: { $0.kernel == own.kernel }) ?? same.first else { continue }
        if let found = own.ids, let other = match.ids, found != other {
          throw .wrongResult("\(own.identifier): \(found) ids of ours and \(other) of \(program)")
        }
        ratios.append(
          Ratio(
            identifier: own.identifier, kernel: own.kernel, threads: own.threads, peer: program, ours: own.median,
            theirs: match.median, median: match.median / own.median, least: match.least / own.most,
            most: match.most / own.least))
      }
    }
    return ratios
  }

  /// One figure for each case, kernel and number of threads, in the order of their first appearance.
  private static func merged(_ figures: [MeasurementFile.Figure]) -> [MeasurementFile.Figure] {
    struct Key: Hashable {
      let identifier: String
      let kernel: String
      let threads: Int
    }
    var order: [Key] = []
    var groups: [Key: [MeasurementFile.Figure]] = [:]
    for figure in figures {
      let key = Key(identifier: figure.identifier, kernel: figure.kernel, threads: figure.threads)
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append(figure)
    }
    return order.compactMap { key in
      guard let group = groups[key], let first = group.first else { return nil }
      return MeasurementFile.Figure(
        benchmark: first.benchmark, identifier: first.identifier, kernel: first.kernel, threads: first.threads,
        median: group.map(\.median).median, least: group.map(\.least).min() ?? first.least,
        most: group.map(\.most).max() ?? first.most, ids: first.ids)
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
