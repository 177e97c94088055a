// swift-tools-version: 6.0
import PackageDescription

// The thin kernel targets compile one inlinable template for one x86-64 instruction set each. The manifest knows the host and not
// the target of a build, so their flags are such that other processors ignore them, and their sources are empty there.
//
// SwiftPM takes flags in a root package, and in a dependency by path, branch or revision, but not in one by version. So where we are
// checked out as somebody's dependency, the portable kernel does the work, unless SVNUP_KERNELS says how the others get theirs:
// "flags": from us; "build": from the whole build, as in swift build -Xswiftc -Xcc -Xswiftc -march=native; "portable": not at all.
let isCheckedOut = Context.packageDirectory.split(separator: "/").dropLast().last == "checkouts"
let kernels = Context.environment["SVNUP_KERNELS"] ?? (isCheckedOut ? "portable" : "flags")

/// What the compiler may use in a kernel target, all of which include AVX2 with FMA.
func instructions(_ march: String, plus extensions: [String] = [], _ features: [String]) -> [SwiftSetting] {
  guard kernels == "flags" else { return [] }
  #if compiler(>=6.3)
    let flags =
      (["-march=\(march)"] + extensions.map { "-m\($0)" }).flatMap { ["-Xarch_x86_64", $0] } + ["-Qunused-arguments"]
  #else
    // Older ones take -Xarch for Apple's systems only. They warn of features that a processor of another kind does not have.
    let flags = (features + extensions).flatMap { ["-Xclang", "-target-feature", "-Xclang", "+\($0)"] }
  #endif
  // A kernel's innermost loops begin where a line of the caches does, whatever is in front of them: some take a tenth longer elsewhere.
  // The option is that of the compiler for x86-64, which one that runs on another processor need not have.
  #if arch(x86_64)
    let layout = ["-Xllvm", "-x86-experimental-pref-innermost-loop-alignment=6"]
  #else
    let layout: [String] = []
  #endif
  // Instructions that have no name in the language are called by those of the compiler, which older ones do not lend. Where the whole
  // build tells the instructions, nobody knows whether these are among them.
  let settings: [SwiftSetting] = [.unsafeFlags(flags.flatMap { ["-Xcc", $0] } + layout)]
  #if compiler(>=6.3)
    return settings + [.define("SVNUP_VECTOR_INSTRUCTIONS"), .enableExperimentalFeature("BuiltinModule")]
  #else
    return settings
  #endif
}

/// One thin kernel target: the template's microkernel for one instruction set.
func kernelTarget(_ name: String, folder: String, _ instructions: [SwiftSetting]) -> Target {
  .target(
    name: name, dependencies: ["KernelTemplate"], path: "Sources/Tensor/Kernels/\(folder)", swiftSettings: instructions)
}

let avx512 = ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", "fma", "f16c", "bmi2", "lzcnt"]

let vectorTargets: [Target] =
  ["flags", "build"].contains(kernels)
  ? [
    kernelTarget(
      "KernelAVX2", folder: "AVX2", instructions("x86-64-v3", ["avx2", "fma", "f16c", "bmi2", "lzcnt"])),
    kernelTarget("KernelAVX512", folder: "AVX512", instructions("x86-64-v4", avx512)),
    kernelTarget(
      "KernelAVX512VBMI2", folder: "AVX512VBMI2", instructions("x86-64-v4", plus: ["avx512vbmi2"], avx512)),
  ] : []

// A fuzzer has the main function of libFuzzer, so what it is linked with can have none: Scripts/fuzz.sh sets this variable and
// builds the product Fuzz alone, with the program as a library.
let isFuzzing = Context.environment["SVNUP_FUZZ"] != nil
let rooms: [Target.Dependency] = ["Support", "Tensor", "Tokenizer", "Transformer", "ShapleyPrune", "Charts", "Report"]

let programTargets: [Target] =
  isFuzzing
  ? [
    .target(name: "svnup", dependencies: rooms, exclude: ["main.swift", "Resources"]),
    .executableTarget(name: "Fuzz", dependencies: ["FuzzTargets", "Support"], path: "Tests/Fuzz/Runner"),
  ]
  : [
    .executableTarget(name: "svnup", dependencies: rooms, exclude: ["Resources"]),
    .executableTarget(
      name: "Benchmarks", dependencies: rooms + ["KernelTemplate"], path: "Benchmarks", exclude: ["peers"]),
  ]

/// For instructions that the language has no name for, and one that keeps loads in order: Pause.swift, Prefetch.swift, LoadOrder.swift,
/// FloatLanes.swift and NEONExpansion.swift.
let instructionsWithoutNames: [SwiftSetting] = [.enableExperimentalFeature("BuiltinModule")]

let package = Package(
  name: "svnup",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Tensor", targets: ["Tensor"]),
    .library(name: "Tokenizer", targets: ["Tokenizer"]),
    .library(name: "Transformer", targets: ["Transformer"]),
    .library(name: "ShapleyPrune", targets: ["ShapleyPrune"]),
    .library(name: "Charts", targets: ["Charts"]),
    .library(name: "Report", targets: ["Report"]),
  ] + (isFuzzing ? [] : [.executable(name: "svnup", targets: ["svnup"])]),
  targets: [
    .target(name: "Support", swiftSettings: instructionsWithoutNames),
    .target(
      name: "KernelTemplate", path: "Sources/Tensor/Kernels/Template", swiftSettings: instructionsWithoutNames),
    .target(
      name: "Tensor",
      dependencies: ["Support", "KernelTemplate"] + vectorTargets.map { .byName(name: $0.name) },
      exclude: ["Kernels/Template", "Kernels/AVX2", "Kernels/AVX512", "Kernels/AVX512VBMI2"],
      swiftSettings: vectorTargets.isEmpty ? [] : [.define("SVNUP_VECTOR_TARGETS")]
    ),
    .target(name: "Tokenizer", dependencies: ["Support"]),
    .target(name: "Transformer", dependencies: ["Support", "Tensor"]),
    .target(name: "ShapleyPrune", dependencies: ["Support", "Tensor", "Tokenizer", "Transformer"]),
    .target(name: "Charts", dependencies: ["Support"]),
    .target(name: "Report", dependencies: ["Support", "Charts", "ShapleyPrune"]),
    .target(name: "TestSupport", dependencies: ["Support", "Tensor", "Charts"], path: "Tests/TestSupport"),
    .testTarget(name: "SupportTests", dependencies: ["Support", "TestSupport"]),
    .testTarget(name: "TensorTests", dependencies: ["Support", "Tensor", "KernelTemplate", "TestSupport"]),
    .testTarget(name: "TokenizerTests", dependencies: ["Tokenizer", "TestSupport"]),
    .testTarget(name: "TransformerTests", dependencies: ["Transformer", "Tokenizer", "TestSupport"]),
    .testTarget(name: "ShapleyPruneTests", dependencies: ["ShapleyPrune", "Tokenizer", "TestSupport"]),
    .testTarget(name: "ChartsTests", dependencies: ["Charts", "TestSupport"]),
    .testTarget(name: "ReportTests", dependencies: ["Report", "TestSupport"]),
    .testTarget(name: "svnupTests", dependencies: ["svnup", "TestSupport"]),
    .target(name: "FuzzTargets", dependencies: rooms + ["svnup", "TestSupport"], path: "Tests/Fuzz/Targets"),
    .testTarget(name: "FuzzTests", dependencies: ["FuzzTargets", "TestSupport"], path: "Tests/Fuzz/Replay"),
  ] + vectorTargets + programTargets,
  swiftLanguageModes: [.v6]
)
