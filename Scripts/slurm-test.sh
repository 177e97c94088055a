#!/usr/bin/env bash
# A Slurm of two nodes on this host, and an estimate spread over it while things go wrong: a worker is killed, a node goes down, a
# shard is corrupted, one shard is run twice at once. The values must be those of a single process, to the byte. Then the same
# with GNU parallel, and a comparison with both.
#
#   Scripts/slurm-test.sh [path of svnup]
#
# Debian: apt-get install slurmctld slurmd slurm-client munge parallel. Skipped (status 77) where these are missing or where this
# is not root: Slurm's daemons change users.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD

for program in slurmctld slurmd sbatch munged parallel; do
  if ! PATH=$PATH:/usr/sbin command -v "$program" > /dev/null; then echo "skipped: $program is not installed"; exit 77; fi
done
if [ "$(id -u)" -ne 0 ]; then echo "skipped: Slurm's daemons need root"; exit 77; fi
PATH=$PATH:/usr/sbin

svnup=$(realpath "${1:-.build/release/svnup}")
work=$(mktemp -d /tmp/svnup-slurm.XXXXXX)
chmod 755 "$work"
host=$(hostname -s)

cleanup() {
  for name in slurmctld slurmd-n1 slurmd-n2 munged; do
    if [ -f "$work/$name.pid" ]; then kill "$(cat "$work/$name.pid")" 2> /dev/null || true; fi
  done
  sleep 1
  pkill -f "slurmstepd.*$work" 2> /dev/null || true
  if [ "${KEEP:-}" ]; then echo "kept $work"; else rm -rf "$work"; fi
}
trap cleanup EXIT

# MARK: A Slurm of its own: private socket, ports and folders

mkdir -p "$work"/{munge,state,spool-n1,spool-n2,bin,jobs}
ln -s "$svnup" "$work/bin/svnup"
head -c 1024 /dev/urandom > "$work/munge/key"
chmod 700 "$work/munge"; chmod 400 "$work/munge/key"
chown -R munge:munge "$work/munge"
chmod 755 "$work/munge" && chmod 711 "$work"

export SLURM_CONF=$work/slurm.conf
cat > "$SLURM_CONF" << END
ClusterName=svnup
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=36817
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge/socket
CredType=cred/munge
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool-%n
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd-%n.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
SlurmdTimeout=30
KillWait=5
MinJobAge=600
SchedulerParameters=sched_interval=2
NodeName=n[1-2] NodeHostname=$host NodeAddr=127.0.0.1 Port=[36821-36822] CPUs=1 RealMemory=1000 State=UNKNOWN
PartitionName=all Nodes=n[1-2] Default=YES MaxTime=INFINITE State=UP
END

start() { # until both nodes are idle
  runuser -u munge -- munged --force --socket="$work/munge/socket" --key-file="$work/munge/key" \
    --pid-file="$work/munge/pid" --log-file="$work/munge/log" --seed-file="$work/munge/seed" || return
  cp "$work/munge/pid" "$work/munged.pid"
  slurmctld && slurmd -N n1 && slurmd -N n2 || return
  for _ in $(seq 60); do
    if [ "$(sinfo -h -t idle -o %D)" = 2 ]; then return; fi
    sleep 1
  done
  return 1
}
if ! start; then
  tail -n 5 "$work"/slurm*.log || true
  echo "skipped: Slurm does not start on this machine"
  exit 77
fi
sinfo

# MARK: The estimate

export PATH=$work/bin:$PATH
model=$root/Sources/svnup/Resources/kjv-llama
game=("$model" --data "$root/Sources/svnup/Resources/kjv-text/valid.txt" --windows 8 --sequence-length 256
  --absence bypassed --window 4 --quiet)
cd "$work/jobs"
cp "$root"/Examples/slurm/*.sbatch "$root/Examples/slurm/compare.sh" .
# This Slurm has nodes of one processor and little memory.
sed -i -e 's/--cpus-per-task=8/--cpus-per-task=1/' -e 's/--mem=.*/--mem=500M/' -e 's/--time=.*/--time=00:10:00/' ./*.sbatch

echo "a single process"
svnup shapley "${game[@]}" --output single.json > /dev/null
svnup shapley plan "${game[@]}" --shards 6 --output plan.json

wait_for() { # until no job is left
  for _ in $(seq 300); do
    if [ -z "$(squeue -h)" ]; then return; fi
    sleep 1
  done
  squeue; echo "jobs do not end"; exit 1
}

kill_worker() { # one that has this in its command line
  local victim=
  for _ in $(seq 100); do
    for worker in $(pgrep -f "^svnup shapley work --plan .*$1" || true); do
      # One of this test, and of nobody else on this machine.
      case $(readlink "/proc/$worker/cwd" || true) in "$(realpath "$work")"/*) victim=$worker ;; esac
    done
    if [ "$victim" ]; then break; fi
    sleep 0.1
  done
  # One that ended before it was found or killed has nothing to lose.
  kill -KILL "$victim" && echo "killed process $victim" || echo "no worker was slow enough to be killed"
}

echo "an array of six, of which a worker is killed and a node goes down"
array=$(sbatch --parsable --array=0-5 work.sbatch)
kill_worker plan.json
kill "$(cat "$work/slurmd-n2.pid")"
scontrol update NodeName=n2 State=DOWN Reason=test
echo "node n2 is down"
sleep 3
slurmd -N n2
# A node that registers again returns to service by itself (ReturnToService=2); one that has not yet is told to.
scontrol update NodeName=n2 State=RESUME 2> /dev/null || true
wait_for
ls shards

echo "a shard is corrupted"
victim=$(find shards -name '*.jsonl' | sort | head -n 1)
printf 'x' | dd of="$victim" bs=1 seek=400 conv=notrunc status=none

echo "one shard twice at once"
number=${victim##*shard-}
number=${number%%-of*}
sbatch --parsable --array="$number" work.sbatch
SLURM_ARRAY_TASK_ID=$number svnup shapley work --plan plan.json --out shards --quiet
wait_for

echo "merge.sbatch submits what is missing, and itself again"
sbatch --parsable --dependency="afterany:$array" merge.sbatch
wait_for
cat svnup-merge-*.log
cmp single.json values.json
echo "Slurm: the values are those of a single process, to the byte"

echo "GNU parallel, of which a worker is killed"
"$root/Examples/parallel/run.sh" plan.json parallel-shards parallel.json > parallel.log 2>&1 &
runner=$!
kill_worker parallel-shards
wait "$runner"
cmp single.json parallel.json
echo "GNU parallel: the values are those of a single process, to the byte"

echo "a comparison by Slurm and by GNU parallel"
grid=("$model" --methods wanda --allocations uniform,owl,shapley --players blocks --estimators diagonal --samples 4
  --sequence-length 256 --value-windows 2 --calibration "$root/Sources/svnup/Resources/kjv-text/calibration.txt"
  --data "$root/Sources/svnup/Resources/kjv-text/valid.txt" --windows 4)
svnup compare "${grid[@]}" --output single-study --quiet > /dev/null
./compare.sh slurm-study "${grid[@]}" --quiet
wait_for
svnup compare plan "${grid[@]}" --output parallel-study --quiet > /dev/null
"$root/Examples/parallel/compare.sh" parallel-study > parallel.log 2>&1
for study in slurm-study parallel-study; do
  for file in compare.json table.md table.tex table.csv cells.csv; do cmp "single-study/$file" "$study/$file"; done
done
echo "both tables are those of a single process, to the byte"
