/// Byte-pair encoding of one piece of text: characters or bytes become symbols, and symbols merge.
struct BPEModel: Sendable {
  /// What single symbols are.
  enum Alphabet: Sendable {
    /// Symbols of the 256 bytes; -1 where there is none.
    case bytes([Int32])
    case characters(CharacterSymbols)
  }

  /// What becomes of a character or byte that has no symbol.
  struct Unknowns: Sendable {
    /// Symbols of the 256 byte-fallback tokens, -1 where one is missing; empty without byte fallback.
    var byteSymbols: [Int32] = []
    /// The symbol of the unknown token.
    var symbol: Int32?
    /// Whether neighbouring unknown characters become a single unknown token.
    var fuses = false

    /// Whether the unknown token can never be needed.
    var isComplete: Bool { byteSymbols.count == 256 && !byteSymbols.contains(-1) }
  }

  var alphabet: Alphabet
  var merges: MergeTable
  var unknowns = Unknowns()
  /// Words that become their own token without any merge; nil where the merges decide.
  var wholeWords: Vocabulary?
  /// Symbols from here on are not tokens but characters that occur within tokens only; see `expansions`.
  var firstExpanded = Int32.max
  /// The ids that stand for a symbol which is no token, from `firstExpanded` on.
  var expansions: [[Int32]] = []

  /// Memory that encoding reuses from word to word.
  struct Workspace: Sendable {
    var cache = WordCache()
    var queue = MergeQueue()
    var symbols: [Int32] = []
  }

  /// Appends the ids of a piece of text. Expected time O(n) for text of short words, O(n log n) at worst.
  func encode(_ piece: UnsafeBufferPointer<UInt8>, _ workspace: inout Workspace, into output: inout [Int]) {
    switch alphabet {
    case .bytes(let byteSymbols):
      word(piece, &workspace, into: &output) { symbols in
        self.appendSymbols(piece, byteSymbols, &symbols)
      }
    case .characters(let characters):
      if let id = wholeWords?.id(of: piece) { return output.append(id) }
      var start = 0
      while start < piece.count {
        let end = endOfWord(piece, from: start, characters)
        let part = UnsafeBufferPointer(rebasing: piece[start..<end])
        word(part, &workspace, into: &output) { symbols in
          self.appendSymbols(part, characters, &symbols)
        }
        start = end
      }
    }
  }

  /// Encodes a word that nothing joins to its surroundings: from the cache, or by merging its symbols.
  @inline(__always)
  private func word(
    _ word: UnsafeBufferPointer<UInt8>, _ workspace: inout Workspace, into output: inout [Int],
    start appendSymbols: (inout [Int32]) -> Void
  ) {
    let isCached = word.count <= WordCache.longestWord
    let hash = isCached ? ByteHash.hash(word) : 0
    if isCached, workspace.cache.append(word, hash: hash, to: &output) { return }
    workspace.symbols.removeAll(keepingCapacity: true)
    if case .bytes = alphabet, let id = wholeWords?.id(of: word) {
      workspace.symbols.append(Int32(truncatingIfNeeded: id))
    } else {
      appendSymbols(&workspace.symbols)
      workspace.queue.run(merges, on: &workspace.symbols)
      expand(&workspace.symbols)
    }
    for id in workspace.symbols { output.append(Int(id)) }
    if isCached { workspace.cache.insert(word, hash: hash, ids: workspace.symbols) }
  }

  private func appendSymbols(
    _ word: UnsafeBufferPointer<UInt8>, _ byteSymbols: [Int32], _ symbols: inout [Int32]
  ) {
    var pending = false
    for i in word.indices {
      append(byteSymbols[Int(word[i])], of: word[i..<i + 1], pending: &pending, to: &symbols)
    }
    if pending, let unknown = unknowns.symbol { symbols.append(unknown) }
  }

  private func appendSymbols(
    _ word: UnsafeBufferPointer<UInt8>, _ characters: CharacterSymbols, _ symbols: inout [Int32]
  ) {
    var pending = false
    var i = 0
    while i < word.count {
      let (scalar, length) = UTF8Scalar.decode(word, at: i)
      append(characters.symbol(scalar), of: word[i..<i + length], pending: &pending, to: &symbols)
      i += length
    }
    if pending, let unknown = unknowns.symbol { symbols.append(unknown) }
  }

  /// Appends a character's symbol, or what stands for it where it has none.
  ///
  /// `pending` tells of an unknown token that is still to be written: it is held back because the next may fuse with it. As in
  /// Hugging Face tokenizers, byte-fallback tokens do not flush it.
  @inline(__always)
  private func append(
    _ symbol: Int32, of bytes: Slice<UnsafeBufferPointer<UInt8>>, pending: inout Bool, to symbols: inout [Int32]
  ) {
    if symbol >= 0 {
      if pending, let unknown = unknowns.symbol { symbols.append(unknown) }
      pending = false
      return symbols.append(symbol)
    }
    if !unknowns.byteSymbols.isEmpty, bytes.allSatisfy({ unknowns.byteSymbols[Int($0)] >= 0 }) {
      for byte in bytes { symbols.append(unknowns.byteSymbols[Int(byte)]) }
      return
    }
    guard let unknown = unknowns.symbol else { return }
    if pending, !unknowns.fuses { symbols.append(unknown) }
    pending = true
  }

  /// The first place after `start` that no merge can bridge.
  private func endOfWord(_ text: UnsafeBufferPointer<UInt8>, from start: Int, _ characters: CharacterSymbols) -> Int {
    guard characters.allowsCuts else { return text.count }
    var (left, length) = UTF8Scalar.decode(text, at: start)
    var i = start + length
    while i < text.count {
      let right: UInt32
      (right, length) = UTF8Scalar.decode(text, at: i)
      if !characters.joins(left, right) {
        // Two unknown characters may share one unknown token.
        if unknowns.isComplete || characters.symbol(left) >= 0 || characters.symbol(right) >= 0 { return i }
      }
      left = right
      i += length
    }
    return text.count
  }

  /// Replaces symbols that are no tokens by the tokens that stand for them.
  private func expand(_ symbols: inout [Int32]) {
    guard firstExpanded != Int32.max, symbols.contains(where: { $0 >= firstExpanded }) else { return }
    symbols = symbols.flatMap { $0 < firstExpanded ? [$0] : expansions[Int($0 - firstExpanded)] }
  }
}
