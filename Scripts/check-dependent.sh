#!/usr/bin/env bash
# Builds and runs a package that depends on a tag of this one.
#
# SwiftPM refuses compiler flags in a dependency, so the manifest leaves the vector targets out there: this shows that it does, that
# what is left builds, and that the portable kernel then does the work.
#
# usage: Scripts/check-dependent.sh
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

git clone --quiet "$repository" "$folder/svnup"
git -C "$folder/svnup" tag 1000.0.0

mkdir -p "$folder/dependent/Sources/dependent"
cat > "$folder/dependent/Package.swift" <<PACKAGE
// swift-tools-version: 6.0
import PackageDescription

let package = Package(
  name: "dependent",
  platforms: [.macOS(.v15)],
  dependencies: [.package(url: "file://$folder/svnup", exact: "1000.0.0")],
  targets: [
    .executableTarget(name: "dependent", dependencies: [.product(name: "Tensor", package: "svnup")])
  ]
)
PACKAGE
cat > "$folder/dependent/Sources/dependent/main.swift" <<'PROGRAM'
import Tensor

let a = Matrix(rows: 2, columns: 3, elements: [1, 2, 3, 4, 5, 6])
print(Kernel.automatic.rawValue, matmul(a, transposed: a).elements)
PROGRAM

cd "$folder/dependent"
swift build -c release
found=$(swift run -c release --skip-build dependent)
wanted="portable [14.0, 32.0, 32.0, 77.0]"
if [[ "$found" != "$wanted" ]]; then
  echo "Scripts/check-dependent.sh: found '$found', wanted '$wanted'" >&2
  exit 1
fi
echo "a dependent builds and runs: $found"
