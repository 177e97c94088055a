import FuzzTargets
import Support

/// The target that `FUZZ_TARGET` names, in a scratch folder of its own below `FUZZ_SCRATCH`.
private let target: any FuzzTarget = {
  let name = Process.environment("FUZZ_TARGET") ?? ""
  guard let type = FuzzTargets.all.first(where: { $0.name == name }) else {
    fatalError("FUZZ_TARGET must be one of \(FuzzTargets.all.map { $0.name }.joined(separator: ", "))")
  }
  do {
    return try type.init(scratch: ScratchFolder(Process.environment("FUZZ_SCRATCH") ?? "/tmp"))
  } catch {
    fatalError("\(name): \(error)")
  }
}()

/// What libFuzzer calls for every input; a broken promise ends the process, and libFuzzer keeps the input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  do {
    try target.check(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
  } catch {
    fatalError("\(type(of: target).name): \(error)")
  }
}
