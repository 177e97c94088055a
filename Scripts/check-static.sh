#!/usr/bin/env bash
# Builds svnup with Swift's libraries inside and runs its demo on a Debian without Swift.
#
#   Scripts/check-static.sh [folder for the chroot]
#
# Needs root and debootstrap for a minimal Debian 12 (60 MB of downloads); ends with 77 where there can be none, after telling the size.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source Scripts/trixie.sh
root=$(realpath -m "${1:-.build-bookworm}")
swift build -c release --static-swift-stdlib --product svnup --scratch-path .build-static > /dev/null
binary=.build-static/release/svnup
strip --strip-all -o "$binary.stripped" "$binary"
echo "svnup: $(stat -c %s "$binary") bytes, $(stat -c %s "$binary.stripped") without symbols, needs"
ldd "$binary.stripped" | sed -E 's/ => .*| \(.*//' | sort
if [ "$(stat -c %s "$binary.stripped")" -gt 15000000 ]; then echo "larger than 15 MB: Foundation may have come in"; exit 1; fi
# In files: grep ends at the first line that it finds, which would be a failure of the program in front of it.
ldd "$binary" > "$binary.libraries"
nm "$binary" > "$binary.symbols"
if grep -q -i -E 'swift|foundation|dispatch' "$binary.libraries"; then echo "a library of Swift's is missing in it"; exit 1; fi
# The language's search by texts brings them: String.pieces(between:) says more.
if grep -q _RegexParser "$binary.symbols"; then echo "regular expressions are linked, 1.4 MB for nothing"; exit 1; fi

if [ "$(id -u)" != 0 ] || ! command -v debootstrap > /dev/null; then echo "no chroot: the demo is not run"; exit 77; fi
trap 'trixie_release "$root"' EXIT
debian_base bookworm "$root" || exit 1
trixie_mount "$root"
mkdir -p "$root/usr/local/share" "$root/usr/local/bin"
rm -rf "$root/usr/local/share/svnup"
cp -r Sources/svnup/Resources "$root/usr/local/share/svnup"
cp "$binary.stripped" "$root/usr/local/bin/svnup"
if [ -n "$(find "$root/usr" -name 'libswiftCore*' -print -quit)" ]; then echo "$root has Swift"; exit 1; fi
trixie_run "$root" 'export PATH=/usr/local/bin:$PATH; cd /tmp && rm -rf demo demo.html && svnup demo --quiet --output demo'
