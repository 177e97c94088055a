#!/usr/bin/env bash
# A Debian 13 (trixie) with its own Swift, 6.0.3, in a folder: what the checks of other platforms build in.
#
#   source Scripts/trixie.sh; trixie FOLDER
#
# Takes Debian's packages by name alone: 0.5 GB of downloads, some three minutes the first time, nothing when it is there already. Needs
# root, debootstrap and the network. FOLDER is left where it is for the next time; remove it with `trixie_remove FOLDER`.

trixie() { # folder
  local root=$1
  if [ "$(id -u)" != 0 ]; then echo "a chroot takes root"; return 77; fi
  if ! command -v debootstrap > /dev/null; then echo "apt-get install debootstrap, for the chroot"; return 77; fi
  # What is mounted in it is released however the script that called this ends.
  trap "trixie_release '$root'" EXIT
  debian_base trixie "$root" --include=ca-certificates || return 1
  if [ ! -x "$root/usr/bin/swift" ]; then
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    trixie_mount "$root"
    logged "$root" trixie_run "$root" \
      'apt-get update && apt-get install -y --no-install-recommends swiftlang libc6-dev libstdc++-14-dev git' || return 1
  fi
  trixie_mount "$root"
}

# A minimal Debian in a folder. One that was interrupted is begun again.
debian_base() { # release folder option…
  local release=$1 root=$2
  if [ -e "$root/etc/debian-base-is-whole" ]; then return; fi
  trixie_release "$root"
  mkdir -p "$root"
  logged "$root" debootstrap --variant=minbase "${@:3}" "$release" "$root" || return 1
  touch "$root/etc/debian-base-is-whole"
}

# What a command says, into FOLDER.log; its end on the terminal if it fails.
logged() { # folder command…
  if ! "${@:2}" >> "$1.log" 2>&1; then
    tail -n 3 "$1.log"
    echo "this failed: ${*:2:2}; all of it in $1.log"
    return 1
  fi
}

# The system's own folders within it, for as long as they are needed.
trixie_mount() { # folder
  mountpoint -q "$1/proc" || mount -t proc proc "$1/proc"
  mountpoint -q "$1/dev" || mount --bind /dev "$1/dev"
}

trixie_run() { # folder command
  chroot "$1" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive sh -ec "$2"
}

# The committed state of this repository, in the chroot's /src/svnup.
trixie_checkout() { # folder
  rm -rf "$1/src/svnup"
  mkdir -p "$1/src"
  git clone --quiet . "$1/src/svnup"
  echo "svnup $(git rev-parse --short HEAD), $(trixie_run "$1" 'swift --version 2> /dev/null | head -n 1')"
}

trixie_release() { # folder
  umount -l "$1/dev" "$1/proc" 2> /dev/null || true
}

trixie_remove() { # folder
  trixie_release "$1"
  if ! mountpoint -q "$1/dev"; then rm -rf --one-file-system "$1"; fi
}
