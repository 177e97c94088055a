import Foundation
import Support
import Testing

/// The objects of the targets that are compiled for one instruction set.
private enum KernelObjects {
  /// The thin targets' folders, beside the test binary.
  static let folders: [String] = {
    guard let binary = Support.Process.executablePath else { return [] }
    return ["KernelAVX2", "KernelAVX512", "KernelAVX512VBMI2"].map { Path.join(Path.parent(of: binary), "\($0).build") }
      .filter(FileSystem.exists)
  }()

  static let nm = ["/usr/bin/nm", "/usr/local/bin/nm"].first(where: FileSystem.exists)

  static var canBeRead: Bool {
    #if DEBUG
      return false
    #else
      return nm != nil && !folders.isEmpty
    #endif
  }

  /// The lines of `nm` in the format that names each symbol's class, type and section.
  static func symbols(_ object: String) throws -> [[String]] {
    let process = Foundation.Process()
    process.executableURL = URL(fileURLWithPath: try #require(nm))
    process.arguments = ["-f", "sysv", object]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return String(decoding: output, as: UTF8.self).split(separator: "\n")
      .map {
        $0.split(separator: "|", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
      }
      .filter { $0.count == 7 }
  }
}

/// The first bytes of an instruction, each with the bits that are the same for all registers and addresses.
private struct InstructionPattern {
  let name: String
  let bytes: [(value: UInt8, mask: UInt8)]

  /// Whether it occurs in an object.
  func occurs(in object: [UInt8]) -> Bool {
    guard object.count >= bytes.count else { return false }
    return (0...object.count - bytes.count).contains { start in
      bytes.indices.allSatisfy { object[start + $0] & bytes[$0].mask == bytes[$0].value }
    }
  }

  /// 0F 18 /1.
  static let prefetch = InstructionPattern(name: "prefetcht0", bytes: [(0x0F, 0xFF), (0x18, 0xFF), (0x08, 0x38)])
  /// VEX.256.66.0F38.W0 13 /r: eight halves become floats.
  static let widenEightHalves = InstructionPattern(
    name: "vcvtph2ps ymm", bytes: [(0xC4, 0xFF), (0x02, 0x1F), (0x7D, 0xFF), (0x13, 0xFF)])
  /// EVEX.512.66.0F38.W0 13 /r: sixteen.
  static let widenSixteenHalves = InstructionPattern(
    name: "vcvtph2ps zmm", bytes: [(0x62, 0xFF), (0x02, 0x07), (0x7D, 0xFF), (0x40, 0x60), (0x13, 0xFF)])
}

/// A weak function that is compiled for AVX-512 in one object may be the copy that the linker keeps for all: a processor without
/// AVX-512 would then die in code that never asked for it.
@Suite struct KernelObjectTests {
  @Test(
    "The thin kernel targets define no weak code that could replace somebody else's",
    .enabled(if: KernelObjects.canBeRead, "needs nm and the objects of a release build beside the test binary"))
  func noWeakCode() throws {
    for folder in KernelObjects.folders {
      let objects = try FileSystem.list(folder).filter { $0.hasSuffix(".o") }
      #expect(!objects.isEmpty)
      for object in objects {
        let symbols = try KernelObjects.symbols(Path.join(folder, object))
        let code = symbols.filter { $0[3] == "FUNC" || $0[6].hasPrefix(".text") }
        #if compiler(>=6.3)
          let mayBeEmpty = false
        #else
          // Such compilers do not lend the instructions that the file is about.
          let mayBeEmpty = object.contains("Expansion")
        #endif
        #expect(
          mayBeEmpty || code.contains { $0[2] == "T" }, "\(object) defines no function: nm's output is not what it was")
        // A name with the target's instruction set in it is a template's instance for it: nobody else can define it. (Mangled
        // names do not repeat the word "Kernel".)
        let own = Path.name(of: folder).dropFirst("Kernel".count).dropLast(".build".count)
        let weak = code.filter { ["V", "W", "u"].contains($0[2]) }.map { $0[0] }.filter { !$0.contains(own) }
        #expect(weak.isEmpty, "\(object)")
      }
    }
  }

  @Test(
    "What the language has no name for is in the objects: fetching ahead, and widening by one instruction",
    .enabled(if: KernelObjects.canBeRead, "needs nm and the objects of a release build beside the test binary"))
  func namelessInstructions() throws {
    for folder in KernelObjects.folders {
      let objects = try FileSystem.list(folder).filter { $0.hasSuffix(".o") }
        .map { try File.contents(of: Path.join(folder, $0)) }
      let widening: InstructionPattern = folder.contains("512") ? .widenSixteenHalves : .widenEightHalves
      for pattern in [InstructionPattern.prefetch, widening] {
        #expect(objects.contains { pattern.occurs(in: $0) }, "\(Path.name(of: folder)) has no \(pattern.name)")
      }
    }
  }
}
