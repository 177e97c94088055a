import Support
import Tensor
import Transformer

extension CalibrationWalk {
  /// The statistics of linears of a block without passing it.
  ///
  /// - Parameters:
  ///   - roles: the linears; nil for all.
  ///   - sublayers: the halves of the block that they are in; the states stand in front of the first.
  ///   - dense: the states of the dense model in front of the same block, and that block; nil where the outputs that count are
  ///     those of the linears themselves.
  package func statistics(
    of block: any TransformerBlock, _ roles: [LinearRole]? = nil, in sublayers: [Sublayer] = Sublayer.allCases,
    kind: StatisticsKind, towards dense: (walk: CalibrationWalk, block: any TransformerBlock)? = nil
  ) -> BlockStatistics {
    let roles = roles ?? block.roles
    var statistics = BlockStatistics(kind)
    guard kind > .none else { return statistics }
    let (block, denseBlock) = (prepared(block), (dense?.block).map(prepared))
    var walk = self
    walk.forEachStrip { walk, index, sequences in
      var hidden = walk.states(index)
      var denseHidden = dense?.walk.states(index)
      for sublayer in sublayers {
        var residual: Matrix?
        if roles.contains(where: { $0.addsToResidual && $0.sublayer == sublayer }), var difference = denseHidden {
          difference.add(hidden, times: -1)
          residual = difference
        }
        var denseInputs: [[LinearRole]: Matrix] = [:]
        if var states = denseHidden.take() {
          denseBlock?.apply(sublayer, to: &states, sequences: sequences, caches: nil) { inputs, group in
            if group.contains(where: roles.contains) { denseInputs[group] = inputs }
          }
          denseHidden = states
        }
        block.apply(sublayer, to: &hidden, sequences: sequences, caches: nil) { inputs, group in
          guard group.contains(where: roles.contains) else { return }
          statistics.accumulate(inputs, of: group, sequences: sequences)
          if let dense = denseInputs[group] {
            statistics.accumulate(
              dense: dense, pruned: inputs, residual: group.contains(where: \.addsToResidual) ? residual : nil,
              of: group)
          }
        }
      }
    }
    return statistics
  }
}

extension CalibrationWalk {
  /// What dense targets add: the states of the dense model, one more copy of the block, and the activations of a second strip.
  static func targetFootprint(_ forecast: MemoryForecast, _ samples: BatchShape) -> [Footprint.Part] {
    let bytes = Double(forecast.memory.calibrationStates.byteCount)
    let sums = forecast.shape.linears.map { DenseTargets.footprint(outputs: $0.outputs, inputs: $0.inputs) }.max() ?? 0
    return [
      Footprint.Part("states of the dense model", samples.rows * bytes * forecast.hidden),
      Footprint.Part("the dense block", forecast.linearsOfBlock * Double(forecast.shape.storedByteCount)),
      Footprint.Part("dense targets", sums),
    ]
  }
}
