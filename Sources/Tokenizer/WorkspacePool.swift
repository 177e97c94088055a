import Synchronization

/// Workspaces that are not in use, so that calls on any thread find the words of earlier calls.
final class WorkspacePool: Sendable {
  private let free = Mutex<[BPEModel.Workspace]>([])

  /// A workspace for one call.
  func take() -> BPEModel.Workspace {
    free.withLock { $0.popLast() } ?? BPEModel.Workspace()
  }

  /// Takes a workspace back, without the memory that a huge word has left in it.
  func give(_ workspace: inout BPEModel.Workspace) {
    if workspace.symbols.capacity > 1 << 16 { workspace.symbols = [] }
    workspace.pieces.releaseMemoryOfLongTexts()
    workspace.earlierPieces.releaseMemoryOfLongTexts()
    let returned = workspace
    free.withLock { $0.append(returned) }
  }
}
