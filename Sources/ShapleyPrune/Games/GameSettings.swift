import Support
import Transformer

/// Which game the parts of a model play, and how its Shapley values are estimated.
///
///     var settings = GameSettings()
///     settings.granularity = .blocks
///     settings.estimator = SlidingWindowShapley(length: 5)
///     settings.probe = nil  // absent blocks are bypassed
public struct GameSettings: Sendable {
  /// The parts that play.
  public var granularity = Granularity.linears
  /// The estimator with its settings.
  public var estimator: any ShapleyEstimator = SlidingWindowShapley()
  /// How an absent player is pruned; nil where it is bypassed, which linears cannot be.
  public var probe: Probe? = Probe()
  /// What a coalition is worth.
  public var value = LayerGame.Value.nll

  /// How absent players are pruned.
  public struct Probe: Sendable {
    /// The sparsity of a probe where nothing is pruned afterwards.
    public static let usualSparsity = 0.7

    /// The method with its settings.
    public var pruner: any Pruner
    /// The sparsity; nil for that of the pruning that the values are for, or what its recipe has for the most.
    public var sparsity: Double?

    /// A probe by Wanda, to the sparsity that is pruned to, unless said otherwise.
    public init(_ pruner: any Pruner = WandaPruner(), sparsity: Double? = nil) {
      self.pruner = pruner
      self.sparsity = sparsity
    }
  }

  /// The usual game: the linears of the model, over windows of three, absent ones pruned.
  public init() {}

  /// The same with a sparsity for the probe where it has none of its own.
  func resolved(sparsity: Double = Probe.usualSparsity) -> GameSettings {
    var copy = self
    if let probe { copy.probe?.sparsity = probe.sparsity ?? sparsity }
    return copy
  }

  /// Players of a model that is not loaded yet.
  func playerCount(_ directory: ModelDirectory) -> Int {
    granularity.count(blocks: directory.blockCount, linears: directory.shape.linears.count)
  }
}

// In files, a flat object.
extension GameSettings: Record {
  package static let fields: [RecordField<GameSettings>] = [
    RecordField("players", \.granularity, .word), .estimator(\.estimator), RecordField("value", \.value, .word),
    RecordField { settings in
      let probe = settings.probe
      return [
        ("absence", JSON((probe == nil ? Absence.bypassed : .pruned).rawValue)),
        ("probeMethod", probe.map { JSON($0.pruner.name) } ?? .null),
        ("probeSparsity", probe?.sparsity.map { JSON($0) } ?? .null),
      ] + Registries.pruners.members(of: probe?.pruner, spelled: probeKey)
    } read: { (settings, object) throws(DocumentError) in
      let absence = try object.member("absence")
      guard try absence.word(Absence.self) == .pruned else {
        settings.probe = nil
        guard settings.granularity != .linears else { throw absence.failure("a linear cannot be skipped") }
        return
      }
      settings.probe = Probe(
        try Registries.pruners.read("probeMethod", in: object, spelled: probeKey),
        sparsity: try object.member("probeSparsity").number(in: 0...1))
    },
  ]

  /// The words for what an absent player is.
  package enum Absence: String, CaseIterable, Sendable { case bypassed, pruned }

  /// The key of a setting of the probe's method: `dampening` is `probeDampening`.
  private static func probeKey(_ key: String) -> String { "probe" + key.prefix(1).uppercased() + key.dropFirst() }
}
