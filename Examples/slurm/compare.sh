#!/bin/bash
# A comparison over a cluster:  ./compare.sh FOLDER MODEL… --calibration FILE --data FILE [options of svnup compare]
#
# What cells share comes first, the cells when that has ended, whether well or not (a cell measures what it lacks), and then the merge.
set -euo pipefail

STUDY=$(realpath -m "$1")
export STUDY
shift
plan=$(svnup compare plan "$@" --output "$STUDY")
tasks() { awk -v name="$1" '$1 == name { print $2 }' <<< "$plan"; }
cd "$(dirname "$0")"
shared=$(sbatch --parsable --array="$(tasks shared)" compare-work.sbatch)
cells=$(sbatch --parsable --array="$(tasks cells)" --dependency="afterany:${shared%%;*}" compare-work.sbatch)
sbatch --dependency="afterany:${cells%%;*}" compare-merge.sbatch
