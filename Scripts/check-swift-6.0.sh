#!/usr/bin/env bash
# Builds svnup with Swift 6.0.3, the oldest that it is kept working with, and runs all of its tests.
#
#   Scripts/check-swift-6.0.sh [folder for the chroot]
#
# In a chroot of Debian 13 (Scripts/trixie.sh), on the committed state; ends with 77 where there can be none. It takes about half an hour on
# two cores, and 4 GB.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source Scripts/trixie.sh
root=$(realpath -m "${1:-.build-trixie}")
trixie "$root" || exit $?
trixie_checkout "$root"
trixie_run "$root" 'cd /src/svnup && swift build -c release --scratch-path /build/svnup' | tail -n 1
trixie_run "$root" 'cd /src/svnup && swift test -c release --disable-xctest --scratch-path /build/svnup'
