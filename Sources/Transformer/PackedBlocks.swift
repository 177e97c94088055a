import Tensor

extension TransformerBlock {
  /// Bytes that `packed()` takes, but for rounding up to whole tiles: 4 a weight of the linears.
  package var packedByteCount: Int { 4 * prunableParameters }

  /// The same block with every linear's weight packed beside it, for products of many rows.
  package func packed() -> Self {
    var result = self
    for role in roles { result[role].weight = result[role].weight.packed() }
    return result
  }
}

extension CausalLM {
  /// Puts every linear into the form whose products are faster: without its zeros, where there are enough.
  package mutating func useFasterForms(for use: ProductUse) {
    let bytes = linearBytes
    changeForms { $0.inFasterForm(for: use, modelBytes: bytes) }
  }

  /// The weights of all linears, block by block.
  package var linears: [StoredMatrix] { blocks.flatMap { block in block.roles.map { block[$0].weight } } }

  /// Bytes of all linears with their zeros, as they are stored.
  package var linearBytes: Int { linears.reduce(0) { $0 + $1.byteCount } }

  /// Puts every linear into the dense form.
  package mutating func useDenseForms() { changeForms { $0.expanded() } }

  private mutating func changeForms(_ change: (StoredMatrix) -> StoredMatrix) {
    for index in blocks.indices {
      for role in blocks[index].roles { blocks[index][role].weight = change(blocks[index][role].weight) }
    }
  }

  /// Bytes that `packed(within:)` takes beside the model.
  package var packedByteCount: Int { blocks.reduce(0) { $0 + $1.packedByteCount } }

  /// The same model with all blocks packed, or as it is where that takes more than so many bytes.
  package func packed(within byteCount: Int) -> Self {
    guard packedByteCount <= byteCount else { return self }
    var result = self
    result.blocks = blocks.map { $0.packed() }
    return result
  }
}
