#!/usr/bin/env bash
# Builds the fuzzers and runs them one after the other: Scripts/fuzz.sh [MINUTES [TARGET...]], 1 minute each and all by default.
#
# What a fuzzer learned is kept in .build/fuzz/corpus and is where it goes on; what it finds lands in .build/fuzz/findings. Move
# a finding to Tests/Fuzz/Findings/TARGET under a name that tells what it is: from then on every run of the tests replays it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

minutes=${1:-1}
shift || true
if [[ ! $minutes =~ ^[1-9][0-9]*$ ]]; then echo "Scripts/fuzz.sh [MINUTES [TARGET...]]: minutes come first, not '$minutes'" >&2; exit 64; fi
targets=("$@")
if [[ ${#targets[@]} -eq 0 ]]; then
  for folder in Tests/Fuzz/Seeds/*/; do targets+=("$(basename "$folder")"); done
fi
for target in "${targets[@]}"; do
  if [[ ! -d Tests/Fuzz/Seeds/$target ]]; then
    echo "Scripts/fuzz.sh: there is no target '$target'; there are" Tests/Fuzz/Seeds/* | sed 's|Tests/Fuzz/Seeds/||g' >&2
    exit 64
  fi
done

# The address sanitizer sees reads beyond a buffer that unsafe pointers would let pass. --sanitize makes SwiftPM leave the main
# function to libFuzzer; but of two flags the compiler heeds the last, so that one has to name both, or no coverage is seen.
SVNUP_FUZZ=1 swift build -c release --product Fuzz --sanitize fuzzer -Xswiftc -sanitize=fuzzer,address \
  --scratch-path .build/fuzz \
  2>&1 | { grep -v 'ld.gold: warning' || true; }
fuzzer=$(pwd)/.build/fuzz/release/Fuzz

scratch=$(mktemp -d "$([[ -d /dev/shm ]] && echo /dev/shm || echo "${TMPDIR:-/tmp}")/svnup-fuzz.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
status=0
printf '%-20s %12s %9s %8s  %s\n' target executions coverage corpus findings
for target in "${targets[@]}"; do
  corpus=.build/fuzz/corpus/$target
  findings=.build/fuzz/findings/$target
  mkdir -p "$corpus" "$findings" "$scratch/$target"
  # Words of the seeds, which no mutation would ever spell.
  grep -rhaoE '"[A-Za-z0-9_.<>-]{1,40}"|^--[a-z-]+$' "Tests/Fuzz/Seeds/$target" | tr -d '"' | sort -u | sed 's/.*/"&"/' \
    > "$scratch/words" || true
  inputs=("$corpus" "Tests/Fuzz/Seeds/$target")
  if [[ -s $scratch/words ]]; then inputs+=("-dict=$scratch/words"); fi
  if [[ -d Tests/Fuzz/Findings/$target ]]; then inputs+=("Tests/Fuzz/Findings/$target"); fi
  log=$scratch/$target.log
  # A symbolizer takes minutes for a Swift program, so traces stay numbers; replay a finding in a debugger instead.
  FUZZ_TARGET=$target FUZZ_SCRATCH=$scratch/$target SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=symbolize=0:detect_leaks=0 \
    timeout --signal KILL $((minutes * 60 + 120)) nice -n 19 "$fuzzer" "${inputs[@]}" \
    -max_total_time=$((minutes * 60)) -max_len=8192 -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 -verbosity=1 \
    -artifact_prefix="$findings/" > "$log" 2>&1 || status=1
  cp "$log" ".build/fuzz/$target.log"
  if grep -q 'Is the code instrumented' "$log"; then
    echo "$target: the fuzzer sees no coverage, so it only guesses: is the sanitizer's flag heeded?" >&2
    exit 1
  fi
  executed=$(awk '/stat::number_of_executed_units/ { print $2 }' "$log")
  coverage=$({ grep -aoE 'cov: [0-9]+' "$log" || true; } | tail -1 | cut -c6-)
  printf '%-20s %12s %9s %8s  %s\n' "$target" "${executed:-?}" "${coverage:-?}" "$(find "$corpus" -type f | wc -l)" \
    "$(find "$findings" -type f | wc -l)"
done
exit $status
