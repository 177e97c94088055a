#!/usr/bin/env bash
# Type-checks the files of POSIX systems against the headers of musl, from Debian's package musl-dev, without a toolchain for musl.
#
#   Scripts/check-musl.sh
#
# The compiler reads `POSIX.swift`, `CLibrary.swift` and what they conform to in Embedded Swift, for a target without a system, with a module Musl made of the
# headers; what Swift's own overlay of the C library adds (errno, open, ioctl, SIG_IGN, the kinds of files) is declared as it is there. Nothing is
# linked or run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && apt-get download musl-dev > /dev/null 2>&1) || { echo "apt-get cannot download musl-dev"; exit 77; }
dpkg-deb -x "$work"/musl-dev_*.deb "$work/musl"
headers=$(dirname "$(find "$work/musl" -name stdlib.h | head -n 1)")
mkdir "$work/module"
cat > "$work/module/all.h" << 'END'
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
END
printf 'module Musl [system] {\n  header "all.h"\n  export *\n}\n' > "$work/module/module.modulemap"
cat > "$work/overlay.swift" << 'END'
import Musl
var errno: Int32 { __errno_location().pointee }
func open(_ path: UnsafePointer<CChar>, _ flags: Int32, _ mode: mode_t) -> Int32 { 0 }
func ioctl(_ descriptor: CInt, _ request: UInt, _ pointer: UnsafeMutableRawPointer) -> CInt { 0 }
typealias Handler = @convention(c) (Int32) -> Void
var SIG_DFL: Handler? { nil }
var SIG_IGN: Handler? { nil }
var S_IFMT: mode_t { 0o170000 }
var S_IFREG: mode_t { 0o100000 }
var S_IFDIR: mode_t { 0o040000 }
var S_IFLNK: mode_t { 0o120000 }
package enum FileSystem {
  package enum Kind: Sendable { case file, directory, symbolicLink, other }
  package struct Status: Equatable, Sendable {
    var kind: Kind, size: Int, device: UInt64, inode: UInt64, modifiedSeconds: Int, modifiedNanoseconds: Int
  }
  static func readStream(_ path: String, limit: Int) throws(SystemError) -> [UInt8] { [] }
}
END
swiftc -typecheck -swift-version 6 -package-name svnup -module-name Support -target x86_64-unknown-none-elf \
  -enable-experimental-feature Embedded -wmo -I "$work/module" -Xcc -nostdinc -Xcc -isystem -Xcc "$headers" \
  -Xcc -D_GNU_SOURCE "$work/overlay.swift" Sources/Support/Platform/{OperatingSystem,CLibrary,POSIX}.swift
echo "POSIX.swift and CLibrary.swift type-check against $(basename "$work"/musl-dev_*.deb)"
