/// A text cut into parts that can be encoded in any order and by any thread.
///
/// The ids of all parts, one after the other, are the ids of the text, whatever the parts' length. Added tokens are found and
/// the text is normalised beforehand; cuts lie where no piece, no merge and no unknown token reaches across.
///
///     let plan = tokenizer.plan(text)
///     let ids = (0..<plan.count).flatMap { plan.ids(ofPart: $0) }   // or as tasks of a group
public struct EncodingPlan: Sendable {
  private enum Item: Sendable {
    case ids([Int])
    /// A range of `bytes`.
    case text(Range<Int>)
  }

  private let definition: TokenizerDefinition
  private let workspaces: WorkspacePool
  private let bytesPerPart: Int
  private var bytes: [UInt8] = []
  private var items: [Item] = []
  /// The first item of each part.
  private var starts: [Int] = []
  /// Bytes in the last part.
  private var filled = 0

  init(definition: TokenizerDefinition, workspaces: WorkspacePool, bytesPerPart: Int) {
    self.definition = definition
    self.workspaces = workspaces
    self.bytesPerPart = max(1, bytesPerPart)
  }

  /// How many parts there are.
  public var count: Int { starts.count }

  /// The ids of a part.
  public func ids(ofPart part: Int) -> [Int] {
    var workspace = workspaces.take()
    defer { workspaces.give(&workspace) }
    var ids: [Int] = []
    ids.reserveCapacity(bytesPerPart / 3)
    bytes.withUnsafeBufferPointer { bytes in
      for item in items[starts[part]..<(part + 1 < starts.count ? starts[part + 1] : items.count)] {
        switch item {
        case .ids(let known): ids.append(contentsOf: known)
        case .text(let range):
          definition.encode(UnsafeBufferPointer(rebasing: bytes[range]), &workspace, into: &ids)
        }
      }
    }
    return ids
  }

  mutating func append(_ ids: [Int]) {
    if !ids.isEmpty { append(.ids(ids), size: 1) }
  }

  mutating func append(_ text: UnsafeBufferPointer<UInt8>) {
    let base = bytes.count
    bytes.append(contentsOf: text)
    var start = 0
    while start < text.count {
      let space = max(1, bytesPerPart - filled)
      let target = text.count - start > space ? start + space : text.count
      let end = target < text.count ? definition.safeCut(in: text, from: target) ?? text.count : text.count
      append(.text(base + start..<base + end), size: end - start)
      start = end
    }
  }

  private mutating func append(_ item: Item, size: Int) {
    if starts.isEmpty || filled >= bytesPerPart {
      starts.append(items.count)
      filled = 0
    }
    items.append(item)
    filled += size
  }
}
