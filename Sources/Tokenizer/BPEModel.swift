/// Byte-pair encoding of one piece of text: characters or bytes become symbols, and symbols merge.
///
/// A class, because it is large and never changes.
final class BPEModel: Sendable {
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

  /// Symbols that are no tokens, but characters that occur within tokens only.
  struct Expansions: Sendable {
    /// The first such symbol.
    var first = Int32.max
    /// The ids that stand for each of them.
    var ids: [[Int32]] = []
  }

  /// Memory that encoding reuses from word to word.
  struct Workspace: Sendable {
    var cache = WordCache()
    var queue = MergeQueue()
    var symbols: [Int32] = []
    var pieces = SplitSequence.Workspace()
    var earlierPieces = SplitSequence.Workspace()
  }

  let alphabet: Alphabet
  private let merges: MergeTable
  let unknowns: Unknowns
  private let strangers: CharacterSymbols.Strangers
  /// Words that become their own token without any merge; nil where the merges decide.
  private let wholeWords: Vocabulary?
  private let expansions: Expansions

  init(
    alphabet: Alphabet, merges: MergeTable, unknowns: Unknowns, wholeWords: Vocabulary?,
    expansions: Expansions = Expansions()
  ) {
    self.alphabet = alphabet
    self.merges = merges
    self.unknowns = unknowns
    strangers = unknowns.isComplete ? .spelled : unknowns.symbol == nil ? .dropped : .joined
    self.wholeWords = wholeWords
    self.expansions = expansions
  }

  /// Appends the ids of a piece of text.
  ///
  /// - Complexity: O(n) expected for text of short words, O(n log n) at worst.
  @inline(__always)
  func encode(_ piece: UnsafeBufferPointer<UInt8>, _ workspace: inout Workspace, into output: inout [Int]) {
    switch alphabet {
    case .bytes:
      word(piece, &workspace, into: &output)
    case .characters(let characters):
      if let id = wholeWords?.id(of: piece) { return output.append(id) }
      characters.forEachWord(of: piece, strangers) { word in
        self.word(word, &workspace, into: &output)
      }
    }
  }

  /// The first place from `start` on, which must not be 0, where a piece can be cut without changing its ids, or nil.
  func safeCut(in piece: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    // A part could be a token as a whole where the piece is not.
    guard wholeWords == nil, case .characters(let characters) = alphabet else { return nil }
    return characters.safeCut(in: piece, from: start, strangers)
  }

  /// Encodes a word that nothing joins to its surroundings: from the cache, or by merging its symbols.
  @inline(__always)
  private func word(_ word: UnsafeBufferPointer<UInt8>, _ workspace: inout Workspace, into output: inout [Int]) {
    let isCached = word.count <= WordCache.longestWord
    let hash = isCached ? ByteHash.hash(word) : 0
    if isCached, workspace.cache.append(word, hash: hash, to: &output) { return }
    merge(word, &workspace)
    for id in workspace.symbols { output.append(Int(id)) }
    if isCached { workspace.cache.insert(word, hash: hash, ids: workspace.symbols) }
  }

  /// Leaves the ids of a word in the workspace's symbols.
  @inline(never)
  private func merge(_ word: UnsafeBufferPointer<UInt8>, _ workspace: inout Workspace) {
    workspace.symbols.removeAll(keepingCapacity: true)
    switch alphabet {
    case .bytes(let byteSymbols):
      if let id = wholeWords?.id(of: word) { return workspace.symbols.append(Int32(truncatingIfNeeded: id)) }
      appendSymbols(of: word, to: &workspace.symbols) { i in (byteSymbols[Int(word[i])], 1) }
    case .characters(let characters):
      appendSymbols(of: word, to: &workspace.symbols) { i in
        let (scalar, length) = UTF8Scalar.decode(word, at: i)
        return (characters.symbol(scalar), length)
      }
    }
    workspace.queue.run(merges, on: &workspace.symbols)
    expand(&workspace.symbols)
  }

  /// Appends the symbols that a word starts as.
  ///
  /// `next` gives the symbol at an offset, or -1, and its length in bytes.
  ///
  /// An unknown token is held back while the one after it may fuse with it. As in Hugging Face tokenizers, byte-fallback
  /// tokens do not end that wait.
  @inline(__always)
  private func appendSymbols(
    of word: UnsafeBufferPointer<UInt8>, to symbols: inout [Int32], _ next: (Int) -> (symbol: Int32, length: Int)
  ) {
    var isWaiting = false
    var i = 0
    while i < word.count {
      let (symbol, length) = next(i)
      let bytes = word[i..<i + length]
      i += length
      if symbol >= 0 {
        if isWaiting, let unknown = unknowns.symbol { symbols.append(unknown) }
        isWaiting = false
        symbols.append(symbol)
      } else if !unknowns.byteSymbols.isEmpty, bytes.allSatisfy({ unknowns.byteSymbols[Int($0)] >= 0 }) {
        for byte in bytes { symbols.append(unknowns.byteSymbols[Int(byte)]) }
      } else if let unknown = unknowns.symbol {
        if isWaiting, !unknowns.fuses { symbols.append(unknown) }
        isWaiting = true
      }
    }
    if isWaiting, let unknown = unknowns.symbol { symbols.append(unknown) }
  }

  /// Replaces symbols that are no tokens by the tokens that stand for them.
  private func expand(_ symbols: inout [Int32]) {
    guard !expansions.ids.isEmpty, symbols.contains(where: { $0 >= expansions.first }) else { return }
    symbols = symbols.flatMap { $0 < expansions.first ? [$0] : expansions.ids[Int($0 - expansions.first)] }
  }
}
