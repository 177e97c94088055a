#!/bin/bash
# A comparison on this machine and on others that are reached by ssh and see the same files:
#
#   svnup compare plan MODEL… --calibration FILE --data FILE --output study
#   ./compare.sh study [user@host,user@host,…]
#
# What cells share has the first numbers, so that it is begun first; a cell that begins before it is there measures it itself.
set -uo pipefail

study=$(realpath "$1") hosts=${2:-:}
jobs=${JOBS:-2}
threads=${THREADS:-1}

for attempt in 1 2 3; do
  missing=$(svnup compare merge "$study" --quiet)
  status=$?
  if [ "$status" -ne 75 ]; then break; fi
  # 0,3-5 becomes 0 3 4 5.
  for range in ${missing//,/ }; do seq "${range%-*}" "${range#*-}"; done |
    parallel --quote --workdir . --sshlogin "$hosts" --jobs "$jobs" --termseq TERM,10000,KILL \
      svnup compare work "$study" --threads "$threads" --quiet --task {}
done
exec svnup compare merge "$study"
