#!/bin/bash
# All shards of a plan on this machine and on others that are reached by ssh and see the same files:
#
#   ./run.sh plan.json shards values.json [user@host,user@host,…]
#
# svnup must be on the PATH there, too, also of a shell that is not interactive.
#
# GNU parallel's --joblog shows a task that was killed as successful (Exitval 0, Signal 9), so nothing here relies on it: merging
# looks at the shards, and what is missing is done again.
set -uo pipefail

plan=$(realpath "$1") shards=$(realpath -m "$2") values=$(realpath -m "$3") hosts=${4:-:}
jobs=${JOBS:-2}
threads=${THREADS:-1}

for attempt in 1 2 3; do
  missing=$(svnup shapley merge --plan "$plan" "$shards" --output "$values" --force --quiet)
  status=$?
  if [ "$status" -ne 75 ]; then exit "$status"; fi
  # 0,3-5 becomes 0 3 4 5.
  for range in ${missing//,/ }; do seq "${range%-*}" "${range#*-}"; done |
    parallel --quote --workdir . --sshlogin "$hosts" --jobs "$jobs" --termseq TERM,10000,KILL \
      svnup shapley work --plan "$plan" --out "$shards" --threads "$threads" --quiet --shard {}
done
exec svnup shapley merge --plan "$plan" "$shards" --output "$values" --force
