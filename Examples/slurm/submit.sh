#!/bin/bash
# Everything at once:  ./submit.sh MODEL DATA CALIBRATION NUMBER-OF-SHARDS
set -euo pipefail

model=$(realpath "$1") data=$(realpath "$2") calibration=$(realpath "$3") count=$4
cd "$(dirname "$0")"
svnup shapley plan "$model" --data "$data" --calibration "$calibration" --shards "$count" --output plan.json
work=$(sbatch --parsable --array="0-$((count - 1))" work.sbatch)
sbatch --dependency="afterany:${work%%;*}" merge.sbatch
