// swift-tools-version: 6.0
import PackageDescription

// The thin kernel targets compile one inlinable template for one instruction set each, which takes compiler flags that SwiftPM
// accepts in a root package only. As somebody's dependency we leave them out, and the portable kernel does the work.
let isRootPackage = !Context.packageDirectory.contains("/checkouts/")
#if arch(x86_64)
  let hasVectorTargets = isRootPackage
#else
  let hasVectorTargets = false
#endif

/// One thin kernel target: the template's microkernel, compiled for `march`.
func kernelTarget(_ name: String, folder: String, march: String) -> Target {
  .target(
    name: name,
    dependencies: ["KernelTemplate"],
    path: "Sources/Tensor/Kernels/\(folder)",
    swiftSettings: [.unsafeFlags(["-Xcc", "-march=\(march)"])]
  )
}

let vectorTargets: [Target] =
  hasVectorTargets
  ? [
    kernelTarget("KernelAVX2", folder: "AVX2", march: "x86-64-v3"),
    kernelTarget("KernelAVX512", folder: "AVX512", march: "x86-64-v4"),
  ] : []

// A fuzzer has the main function of libFuzzer, so what it is linked with can have none: Scripts/fuzz.sh sets this variable and
// builds the product Fuzz alone, with the program as a library.
let isFuzzing = Context.environment["SVNUP_FUZZ"] != nil
let rooms: [Target.Dependency] = ["Support", "Tensor", "Tokenizer", "Transformer", "ShapleyPrune", "Charts", "Report"]
let resources: [Resource] = [.copy("Resources/kjv-llama"), .copy("Resources/kjv-text")]

let programTargets: [Target] =
  isFuzzing
  ? [
    .target(name: "svnup", dependencies: rooms, exclude: ["main.swift"], resources: resources),
    .executableTarget(name: "Fuzz", dependencies: ["FuzzTargets", "Support"], path: "Tests/Fuzz/Runner"),
  ]
  : [
    .executableTarget(name: "svnup", dependencies: rooms, resources: resources),
    .executableTarget(
      name: "Benchmarks", dependencies: rooms + ["KernelTemplate"], path: "Benchmarks", exclude: ["peers"]),
  ]

/// For instructions that the language has no name for: Pause.swift, Prefetch.swift and FloatLanes.swift.
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
      exclude: ["Kernels/Template", "Kernels/AVX2", "Kernels/AVX512"],
      swiftSettings: hasVectorTargets ? [.define("SVNUP_VECTOR_TARGETS")] : []
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
