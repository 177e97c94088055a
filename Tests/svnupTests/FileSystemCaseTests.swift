import Foundation
import Support
import TestSupport
import Testing

/// What the file system does to a run, done for real.
@Suite("The file system, end to end")
struct FileSystemCaseTests {
  /// Whether this machine lets us mount a file system in a namespace of our own.
  static let canMount: Bool = {
    let line = "unshare --mount mount -t tmpfs none /mnt 2> /dev/null"
    return (try? CommandRunner().run(shell: line).status) == 0
  }()

  /// Whether the open files of a process can be looked at.
  static let hasProcesses = FileManager.default.fileExists(atPath: "/proc/self/fd")

  @Test(
    "Case 57: a read-only file system is refused before the model is read",
    .enabled(if: canMount, "this machine lets nobody mount a file system"))
  func readOnly() throws {
    try withTemporaryFolder { folder in
      let prune = "'\(Inputs.llama3)' --method magnitude --sparsity 0.5 --output '\(folder)/new'"
      let result = try CommandRunner().run(
        shell: """
          exec unshare --mount sh -c "mount -t tmpfs -o ro none '\(folder)' && exec '$SVNUP' prune \(prune)"
          """)
      #expect(result.status == 73, "\(result.error)")
      #expect(result.message.contains("\(folder)/new: cannot create") || result.message.contains("not writable"))
      #expect(!result.message.contains("\n"), "the model was read first: \(result.error)")
    }
  }

  @Test(
    "Case 59: a model file that is replaced while it is in use is noticed before anything is saved",
    .timeLimit(.minutes(10)))
  func replaced() throws {
    try withTemporaryFolder { folder in
      try FileManager.default.copyItem(atPath: Inputs.embedded, toPath: Path.join(folder, "model"))
      // The note about the model comes when its weights have been read; the pruning behind it takes seconds.
      let result = try CommandRunner().run(
        shell: """
          cd '\(folder)'
          "$SVNUP" prune model --method sparsegpt --sparsity 0.5 --calibration '\(Inputs.text("calibration"))' \
            --samples 64 --output new 2> errors &
          until grep -qs 'parameters in' errors; do kill -0 $! || break; sleep 0.01; done
          cp model/model.safetensors copy && mv copy model/model.safetensors
          wait $!; status=$?; tail -n 1 errors >&2; rm errors; exit $status
          """)
      #expect(result.status == 65)
      #expect(result.message.hasPrefix("svnup: model/model.safetensors: "), "\(result.error)")
      #expect(result.message.contains("replaced or changed while it was in use"), "\(result.error)")
      #expect(try FileSystem.list(folder) == ["model"])
    }
  }

  @Test(
    "Case 59: a model file that is cut short while it is in use is an error, not a signal",
    .enabled(if: hasProcesses, "there is no /proc here"), .timeLimit(.minutes(10)))
  func truncated() throws {
    try withTemporaryFolder { folder in
      try FileManager.default.copyItem(atPath: Inputs.embedded, toPath: Path.join(folder, "model"))
      // The text comes through standard input, so the command waits for it with the model open and its weights not read.
      let result = try CommandRunner().run(
        shell: """
          cd '\(folder)' && mkfifo text
          "$SVNUP" perplexity model --data - --quiet < text &
          exec 3> text
          until ls -l /proc/$!/fd 2> /dev/null | grep -q model.safetensors; do kill -0 $! || break; sleep 0.01; done
          truncate -s 100000 model/model.safetensors
          cat '\(Inputs.text("test"))' >&3
          exec 3>&-
          wait $!
          """)
      #expect(result.status == 65)
      let expected = "svnup: model/model.safetensors: cannot read: the file ends at byte 100000"
      #expect(result.message.hasPrefix(expected), "\(result.error)")
    }
  }
}
