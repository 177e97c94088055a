// swift-tools-version: 6.0
import PackageDescription

// In a project of your own, the dependency is .package(url: "…/svnup.git", from: "…").
let package = Package(
  name: "library",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "svnup", path: "../..")],
  targets: [
    .executableTarget(
      name: "library",
      dependencies: [
        .product(name: "ShapleyPrune", package: "svnup"), .product(name: "Transformer", package: "svnup"),
        .product(name: "Tensor", package: "svnup"),
      ])
  ]
)
