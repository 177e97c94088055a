#!/usr/bin/env bash
# Runs tests under the compiler's run-time checks, one kind or all of them in turn:
#
#   Scripts/sanitize.sh [exclusivity|thread|address] [FILTER]
#
# exclusivity  every access is checked for exclusivity, also in a release build's code
# thread       data races (ThreadSanitizer)
# address      accesses beyond an allocation or after its end, and leaks (AddressSanitizer)
#
# Ends with status 0 where nothing was found. Each kind builds into a folder of its own below .build, which takes minutes the
# first time; not part of .ci/run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

kinds=(exclusivity thread address)
if [[ $# -gt 0 ]]; then kinds=("$1"); fi

# The suites of what has threads or unsafe memory. The others, ShapleyPruneTests and svnupTests, do hours of arithmetic with the
# same kernels under a sanitizer, and the latter run an executable that is not the test; FILTER chooses among all.
filter=${2:-'SupportTests|TensorTests|TokenizerTests|TransformerTests'}

# SaveTests saves a model a thousand times, to fail or be killed in the midst of it; what it calls is called by other tests too.
# MemoryPoolTests asks what is resident, and there is no pool: see below.
skip='SaveTests|MemoryPoolTests'

# Without the pool of large blocks every matrix is an allocation, of which the address sanitizer knows the bounds, and which
# carries the thread sanitizer's knowledge of who was done with it from one thread to the next. (Of Synchronization's Mutex, which
# guards the pool, it knows nothing, as the library was compiled without it.)
pool=(-Xswiftc -DSVNUP_NO_MEMORY_POOL)

suppressions=$(mktemp)
trap 'rm -f "$suppressions"' EXIT

for kind in "${kinds[@]}"; do
  case "$kind" in
    exclusivity)
      options=(-Xswiftc -enforce-exclusivity=checked)
      : >"$suppressions"
      ;;
    thread)
      options=(--sanitize=thread "${pool[@]}")
      # The standard library writes the count 0 into the one array that all empty arrays share.
      echo 'race:_swiftEmptyArrayStorage' >"$suppressions"
      ;;
    address)
      options=(--sanitize=address "${pool[@]}")
      # Foundation's Process, which only tests use, leaks 32 bytes.
      echo 'leak:10Foundation7ProcessC3run' >"$suppressions"
      ;;
    *)
      echo "usage: Scripts/sanitize.sh [exclusivity|thread|address] [FILTER]" >&2
      exit 64
      ;;
  esac
  echo "+ $kind: $filter, without $skip"
  TSAN_OPTIONS="suppressions=$suppressions" LSAN_OPTIONS="suppressions=$suppressions:print_suppressions=0" \
    swift test -c release --disable-xctest --scratch-path ".build/$kind" "${options[@]}" --filter "$filter" --skip "$skip"
done
