import ShapleyPrune

extension PruningMethodChoice {
  /// The pruner of this name; the settings are SparseGPT's.
  func pruner(dampening: Double = 0.01, blockSize: Int = 128) -> any Pruner {
    switch self {
    case .magnitude: MagnitudePruner()
    case .wanda: WandaPruner()
    case .sparsegpt: SparseGPTPruner(dampening: dampening, blockSize: blockSize)
    }
  }
}
