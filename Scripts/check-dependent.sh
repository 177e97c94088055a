#!/usr/bin/env bash
# Builds and runs Examples/library as a package that depends on a tag of this one.
#
# SwiftPM refuses compiler flags in a dependency, so the manifest leaves the vector targets out there: this shows that it does, that
# what is left builds, that the library does the whole job through its public interface, and that an estimator and a method of
# pruning from outside are called by their names.
#
# usage: Scripts/check-dependent.sh
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fail() {
  echo "Scripts/check-dependent.sh: $1" >&2
  exit 1
}

git clone --quiet "$repository" "$folder/svnup"
git -C "$folder/svnup" tag 1000.0.0
cp -r "$folder/svnup/Examples/library" "$folder/library"
sed -i.before "s|.package(name: \"svnup\", path: \"../..\")|.package(url: \"file://$folder/svnup\", exact: \"1000.0.0\")|" \
  "$folder/library/Package.swift"
grep -q 1000.0.0 "$folder/library/Package.swift" || fail "Examples/library/Package.swift has another dependency"

cd "$folder/library"
swift build -c release
resources="$folder/svnup/Sources/svnup/Resources"
swift run -c release --skip-build library "$resources/kjv-llama" "$resources/kjv-text/calibration.txt" "$folder/pruned" \
  | tee "$folder/printed"

while IFS= read -r wanted; do
  grep -q -- "$wanted" "$folder/printed" || fail "the program did not print '$wanted'"
done <<'WANTED'
^airport \[0.25, 0.58
^sparsity 0.69[0-9]*, spread Optional(0
^verified: [1-9][0-9]* zeros
^checkerboard after leave-one-out: 0.[45]
^| checkerboard | uniform |
^pruned on calibration.txt, perplexity
^one weight: 64 of 128 zero
^refused as badData: mine: it has 64 inputs; the statistics are of 1
^saved as measured: true
^two continuations differ: true
^the same again: true
^stopped as interrupted
WANTED
for member in '"kernel": "portable"' '"method": "sparsegpt"' '"probeMethod": "wanda"'; do
  grep -q -- "$member" "$folder/pruned/svnup.json" || fail "svnup.json does not say $member"
done
for member in '"method": "checkerboard"' '"phase": 1' '"estimator": "leave-one-out"'; do
  grep -q -- "$member" "$folder/pruned-own/svnup.json" || fail "svnup.json of the own method does not say $member"
done
echo "a dependent builds, runs and saves"
