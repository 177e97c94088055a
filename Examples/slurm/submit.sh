#!/bin/bash
# Everything at once:  ./submit.sh MODEL DATA CALIBRATION NUMBER-OF-SHARDS
set -euo pipefail
cd "$(dirname "$0")"

model=$1 data=$2 calibration=$3 count=$4
svnup shapley plan "$model" --data "$data" --calibration "$calibration" --shards "$count" --output plan.json
work=$(sbatch --parsable --array="0-$((count - 1))" work.sbatch)
sbatch --dependency="afterany:${work%%;*}" merge.sbatch
