#!/usr/bin/env bash
# Builds svnup and its tests for arm64 Linux and runs them under emulation, beside the portable kernel of x86-64.
#
#   Scripts/check-arm64.sh [folder for the chroot]
#
# In a chroot of Debian 13 with its Swift (Scripts/trixie.sh) and arm64's libraries beside it, all of them Debian's packages by name: 0.9 GB of
# downloads in all, 5 GB of disk, half an hour on two cores. Ends with 77 where there can be no chroot or no emulator. On the committed state.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source Scripts/trixie.sh
root=$(realpath -m "${1:-.build-trixie}")
emulator=$(command -v qemu-aarch64-static || command -v qemu-aarch64 || true)
if [ -z "$emulator" ]; then echo "apt-get install qemu-user-static, to run what is built"; exit 77; fi
trixie "$root" || exit $?

# arm64's libraries in /arm64, and an SDK of SwiftPM that points there.
if [ ! -e "$root/arm64/is-whole" ]; then
  rm -rf "$root/arm64" "$root/debs"
  mkdir -p "$root/arm64" "$root/debs"
  logged "$root" trixie_run "$root" 'dpkg --add-architecture arm64 && apt-get update && chmod 777 /debs && cd /debs && apt-get download \
    swiftlang:arm64 libswiftlang:arm64 libc6:arm64 libc6-dev:arm64 libgcc-s1:arm64 libstdc++6:arm64 libgcc-14-dev:arm64 \
    libstdc++-14-dev:arm64 zlib1g:arm64 libxml2:arm64 libicu76:arm64 liblzma5:arm64 linux-libc-dev'
  for package in "$root"/debs/*.deb; do
    case ${package##*/} in
      swiftlang_*)
        dpkg-deb --fsys-tarfile "$package" \
          | tar -x -C "$root/arm64" ./usr/libexec/swift/lib/swift ./usr/libexec/swift/lib/swift_static ./usr/libexec/swift/lib/clang
        ;;
      *) dpkg-deb -x "$package" "$root/arm64" ;;
    esac
  done
  rm -rf "$root/debs"
  ln -sfn usr/lib "$root/arm64/lib"
  touch "$root/arm64/is-whole"
fi
sdk=$root/root/.swiftpm/swift-sdks/debian-arm64.artifactbundle
mkdir -p "$sdk/debian"
cat > "$sdk/info.json" << 'END'
{ "schemaVersion": "1.0",
  "artifacts": { "debian-arm64": { "type": "swiftSDK", "version": "1",
    "variants": [{ "path": "debian", "supportedTriples": ["x86_64-unknown-linux-gnu", "x86_64-pc-linux-gnu"] }] } } }
END
cat > "$sdk/debian/swift-sdk.json" << 'END'
{ "schemaVersion": "4.0",
  "targetTriples": { "aarch64-unknown-linux-gnu": {
    "sdkRootPath": "/arm64", "swiftResourcesPath": "/arm64/usr/libexec/swift/lib/swift",
    "swiftStaticResourcesPath": "/arm64/usr/libexec/swift/lib/swift_static", "toolsetPaths": ["toolset.json"] } } }
END
cat > "$sdk/debian/toolset.json" << 'END'
{ "schemaVersion": "1.0", "rootPath": "/usr/libexec/swift/bin",
  "swiftCompiler": { "extraCLIOptions": ["-use-ld=lld"] }, "linker": { "path": "ld.lld" } }
END

trixie_checkout "$root"
echo "+ build for arm64, and for x86-64 to compare with"
build='cd /src/svnup && swift build -c release --product svnup'
trixie_run "$root" "$build --scratch-path /build/svnup" | tail -n 1
trixie_run "$root" "$build --swift-sdk debian-arm64 --scratch-path /build/arm64" | tail -n 1
trixie_run "$root" 'cd /src/svnup && swift build -c release --build-tests --swift-sdk debian-arm64 --scratch-path /build/arm64' | tail -n 1

failures=0
# Both in the chroot, so that paths in what they print are the same; the emulator is a static program.
cp "$emulator" "$root/usr/bin/emulate"
libraries=LD_LIBRARY_PATH=/usr/libexec/swift/lib/swift/linux
arm() { trixie_run "$root" "cd /work && ${limit:-} emulate -L /arm64 -E $libraries /build/arm64/release/$*"; }
intel() { trixie_run "$root" "cd /work && SVNUP_KERNEL=portable /build/svnup/release/$*"; }
rm -rf "$root/work"
mkdir "$root/work"
model=/src/svnup/Sources/svnup/Resources/kjv-llama
head -c 6000 Sources/svnup/Resources/kjv-text/test.txt > "$root/work/test.txt"

equal() { # what command: the same output to the byte
  local a b
  # A command that fails prints nothing, and differs.
  a=$(arm "$2" 2> /dev/null || true) b=$(intel "$2" 2> /dev/null || true)
  if [ -n "$a" ] && [ "$a" = "$b" ]; then echo "  $1: the same, ${#a} bytes"; else echo "  $1: differs"; failures=$((failures + 1)); fi
}

echo "+ the same to the byte as x86-64's portable kernel"
# The memory that runs will take begins with what the process has already, the emulator included.
equal info "svnup info $model --json | sed '/\"memory\"/,/}/d'"
equal tokens "svnup tokenize $model --file test.txt --json"
for side in arm intel; do
  "$side" "svnup prune $model --method magnitude --allocation uniform --sparsity 0.5 --output pruned-$side --quiet" > /dev/null
done
if cmp "$root/work/pruned-arm/model.safetensors" "$root/work/pruned-intel/model.safetensors"; then
  echo "  weights pruned by magnitude: the same, $(stat -c %s "$root/work/pruned-arm/model.safetensors") bytes"
else
  failures=$((failures + 1))
fi
equal verify "svnup verify pruned-intel --json"

echo "+ the perplexity of 6,000 bytes"
perplexity="svnup perplexity $model --data test.txt --sequence-length 128 --json --quiet"
for side in arm intel; do "$side" "$perplexity" > "$root/work/$side.json"; done
nll() { sed -n 's/.*"meanNLL": \([0-9.]*\).*/\1/p' "$root/work/$1.json"; }
# A multiply-add is rounded once on arm64 and twice in SSE2: 1,905 losses of some 10 digits each agree in the mean to six.
if awk -v a="$(nll arm)" -v b="$(nll intel)" 'BEGIN { d = a - b; exit !(a > 0 && (d < 0 ? -d : d) < 1e-6) }'; then
  echo "  mean NLL $(nll arm), x86-64 $(nll intel)"
else
  echo "  mean NLL $(nll arm), but x86-64 $(nll intel)"
  failures=$((failures + 1))
fi

echo "+ tests, under emulation"
suites() { # filter
  if limit='timeout 900' arm "svnupPackageTests.xctest --testing-library swift-testing --filter '$1'" > "$root/work/tests.log" 2>&1; then
    echo "  $1: $(grep -o 'Test run with .* passed after.*' "$root/work/tests.log")"
  else
    echo "  $1:"
    grep -E 'recorded an issue|Test run|rror' "$root/work/tests.log" | head -n 10
    failures=$((failures + 1))
  fi
}
# Suites whose work is bounded: the emulator takes up to a hundred times as long as a processor.
kernels='SparseProduct|CompressedMatrix|Half|BFloat16|InstructionSet|Elementwise|Normalization|StoredMatrix|StoredProduct|CholeskyBlock|Gradient|Matmul|Attention'
for filter in SupportTests "TensorTests.($kernels)Tests" TokenizerTests.ReferenceVectorTests; do suites "$filter"; done
exit $((failures > 0))
