#!/usr/bin/env bash
# Runs svnup on the small models of this repository, some three hundred commands, and prints a hash of every result. Make a list
# before a change that must not change any result, and one after it:
#
#   Scripts/record-results.sh PROGRAM [FOLDER] > list.txt
#   diff before.txt after.txt
#
# PROGRAM is svnup's executable, its resources beside it. A line is "SHA256  name of the case". What was hashed is kept in
# FOLDER, where one is named: "diff -r" of two such folders tells what became of a line that differs.
#
# Numbers are hashed to the last digit. Times, memory, the number of threads, folders and the command line are left out, and so
# are the hashes that a plan, and what belongs to it, is known by; what they are the hash of has a line of its own, "identity".
# Help has lines beginning with "help". Numbers depend on the kernel, so compare lists made on one kind of processor, or set
# SVNUP_KERNEL for both.
#
# Ends with status 1 where a command ends with another status than it should, or gives nothing to hash. Takes one to three
# minutes, half of them for the demo at the end.
set -euo pipefail

if [[ $# -lt 1 || $# -gt 2 ]]; then echo "usage: Scripts/record-results.sh PROGRAM [FOLDER] > list.txt" >&2; exit 64; fi
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
program=$(realpath "$1")
scratch=$(mktemp -d "${TMPDIR:-/tmp}/svnup-results.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
folder=$(cd "$scratch" && pwd -P)
results=$folder/results
if [[ $# -eq 2 ]]; then
  results=$(realpath -m "$2")
  # Results of an earlier run would be taken for cases of this one.
  if [[ -n $(ls -A "$results" 2> /dev/null) ]]; then echo "$results is not empty" >&2; exit 73; fi
fi
mkdir -p "$results" "$folder/run"

# Bars and the shard of a task are taken from the environment.
export LC_ALL=C.UTF-8
unset SVNUP_SHARD SLURM_ARRAY_TASK_ID JOB_COMPLETION_INDEX

# MARK: Running and recording

fail() {
  echo "record-results: $*" >&2
  exit 1
}

# run STATUS ARGUMENT…: runs svnup, its output in the files out and err.
run() {
  local wanted=$1 status=0
  shift
  "$program" "$@" > out 2> err < "${input:-/dev/null}" || status=$?
  if [[ $status -ne $wanted ]]; then
    cat err >&2
    fail "status $status instead of $wanted: svnup $*"
  fi
}

# normalized FILE: its text without what differs from run to run.
normalized() {
  sed -E \
    -e '/^ *"command": \[$/,/^ *\],?$/d' \
    -e '/^ *"memory": \{$/,/^ *\},?$/d' \
    -e '/^memory[: ]/d' \
    -e 's/"seconds": [0-9.e+-]+/"seconds": 0/' \
    -e 's/okensPerSecond": [0-9.e+-]+/okensPerSecond": 0/' \
    -e 's/this run needs about [0-9.]+ [A-Za-z]+/this run needs 0/' \
    -e 's/(evaluated|measurements) in [0-9.]+ s/\1 in 0 s/' \
    -e 's/"peakBytes": [0-9]+/"peakBytes": 0/' \
    -e 's/"threads": [0-9]+/"threads": 0/' \
    -e 's/\b[0-9]+ threads?$/0 threads/' \
    -e 's/"(plan|check|sha256|executable)": ?"[0-9a-f]+"/"\1": 0/' \
    -e 's/^plan [0-9a-f]{64}$/plan 0/' \
    -e "s|$folder|FOLDER|g" "$1"
}

# record NAME: prints the line of what is on standard input.
record() {
  local file=$results/$1
  [[ ! -e $file ]] || fail "two cases have the name $1"
  cat > "$file"
  grep -q '[^[:space:]]' "$file" || fail "nothing to hash: $1"
  printf '%s  %s\n' "$(sha256sum < "$file" | cut -d ' ' -f 1)" "$1"
}

# printed NAME ARGUMENT…: what a command prints.
printed() {
  run 0 "${@:2}"
  normalized out | record "$1"
}

# refused NAME STATUS ARGUMENT…: what a command says that has to fail.
refused() {
  run "${@:2}"
  # Without a message there is nothing to compare, whatever else was printed.
  [[ -s err ]] || fail "no message: $1"
  { echo "status $2"; normalized out; normalized err; } | record "$1"
}

# saved NAME FOLDER: the record of a saved model, and the names and hashes of its other files.
saved() {
  normalized "$2/svnup.json" | record "$1: svnup.json"
  compgen -G "$2/*.safetensors" > /dev/null || fail "no weights: $1"
  (cd "$2" && find . -type f ! -name svnup.json | sort | xargs sha256sum) | record "$1: files"
}

# pruned NAME ARGUMENT…: what svnup prune prints, and the model that it saves, which stays in the folder "pruned".
pruned() {
  rm -rf pruned
  printed "prune $1" prune "${@:2}" --output pruned
  saved "prune $1" pruned
}

# valued NAME ARGUMENT…: what svnup shapley prints, and the values that it saves, which stay in values.json.
valued() {
  rm -f values.json
  printed "shapley $1" shapley "${@:2}" --output values.json
  normalized values.json | record "shapley $1: values"
}

# MARK: Models and texts

# Copies, under short names that are the same everywhere.
cd "$folder/run"
cp -r "$repository/Sources/svnup/Resources/kjv-llama" llama
cp -r "$repository/Tests/Fixtures/demo/kjv-opt" opt
cp -r "$repository/Tests/Fixtures/random-models" random
cp "$repository"/Sources/svnup/Resources/kjv-text/{calibration,valid,test}.txt .
cp "$repository"/Tests/Fixtures/ids/{calib,eval}.safetensors .
cp "$repository"/Tests/Fixtures/demo/calibration-kjv-{llama,opt}.npy .
cp "$repository/Tests/Fixtures/tokenizers/kjv1024.jsonl" hard.jsonl
# Enough to measure on, for a tenth of the time.
head -n 10 test.txt > short.txt
head -n 2 test.txt > verses.txt
echo "In the beginning" > few.txt
models=(llama-v1 llama3-gqa opt-125m opt-350m)

text=(--calibration calibration.txt --samples 8 --sequence-length 128 --data short.txt)
ids=(--calibration calib.safetensors --data eval.safetensors --sequence-length 64)
measured=(--data eval.safetensors --sequence-length 128)
game=(--data valid.txt --windows 2 --sequence-length 128)

# MARK: Help

printed "help" help
printed "help: version" --version
for command in $("$program" help | sed -nE 's/^  ([a-z]+) .*/\1/p') completions manual; do
  printed "help $command" help "$command"
done
for family in shapley compare; do
  for part in plan work merge; do printed "help $family $part" help "$family" "$part"; done
done
printed "help: manual" manual
for shell in bash zsh fish; do printed "help: completions of $shell" completions "$shell"; done

# MARK: Models, tokens and perplexity

for model in llama opt "${models[@]/#/random/}"; do printed "info ${model#*/}" info "$model"; done
printed "info llama, json" info llama --json
printed "info llama3-gqa, json" info random/llama3-gqa --json

for model in llama opt; do
  printed "tokenize $model" tokenize "$model" "In the beginning God created the heaven — and the earth."
  printed "tokenize $model, file" tokenize "$model" --file verses.txt
  printed "tokenize $model, json" tokenize "$model" --file verses.txt --json
  printed "tokenize $model, jsonl" tokenize "$model" --jsonl hard.jsonl
  input=verses.txt printed "tokenize $model, standard input" tokenize "$model"
  printed "perplexity $model" perplexity "$model" --data short.txt --sequence-length 128
  printed "perplexity $model, json" perplexity "$model" --data short.txt --sequence-length 256 --json
  printed "perplexity $model, ids, json" perplexity "$model" --data "calibration-kjv-$model.npy" --json
  printed "perplexity $model, memory" perplexity "$model" --data short.txt --sequence-length 128 --memory 60MiB
done
for model in "${models[@]}"; do
  printed "perplexity $model" perplexity "random/$model" "${measured[@]}"
  printed "perplexity $model, json" perplexity "random/$model" --data calib.safetensors --sequence-length 64 --json
done
SVNUP_KERNEL=portable printed "perplexity opt-350m, portable kernel, json" \
  perplexity random/opt-350m "${measured[@]}" --json

# MARK: Shapley values

for players in linears sublayers blocks; do
  valued "llama, $players" llama "${game[@]}" --players "$players" --window 1
  for absence in bypassed pruned; do
    # Blocks and their halves can be skipped, linears cannot.
    if [[ $players == linears && $absence == bypassed ]]; then continue; fi
    valued "opt-125m, $players, $absence" random/opt-125m "${measured[@]}" --players "$players" --absence "$absence"
  done
done
valued "llama, blocks bypassed, json" llama "${game[@]}" --absence bypassed --json
valued "llama, sparsegpt probe on another text" llama "${game[@]}" --players blocks --window 1 \
  --probe-method sparsegpt --probe-sparsity 0.5 --calibration calibration.txt --samples 8

for method in magnitude wanda sparsegpt; do
  valued "llama3-gqa, probe $method" random/llama3-gqa "${measured[@]}" --players sublayers --probe-method "$method"
done
for placement in centred averaged; do
  for window in 1 3 5; do
    valued "opt-350m, window $window $placement" random/opt-350m "${measured[@]}" --placement "$placement" \
      --window "$window" --json
  done
done
for value in nll perplexity; do
  valued "llama-v1, exact, $value" random/llama-v1 "${measured[@]}" --players blocks --estimator exact --value "$value"
done
valued "llama-v1, exact, json" random/llama-v1 "${measured[@]}" --players sublayers --estimator exact --json
valued "llama-v1, exact, one thread" random/llama-v1 "${measured[@]}" --players sublayers --estimator exact --threads 1
orders=(--estimator permutation --players sublayers --evaluations 60)
valued "opt-125m, orders" random/opt-125m "${measured[@]}" "${orders[@]}"
valued "opt-125m, orders, seed, json" random/opt-125m "${measured[@]}" "${orders[@]}" --seed 7 --json
valued "opt-125m, orders, tolerance" random/opt-125m "${measured[@]}" "${orders[@]}" --tolerance 0.02
valued "opt, orders of blocks, tolerance, json" opt "${game[@]}" --estimator permutation --absence bypassed --evaluations 200 \
  --tolerance 0.5 --json

# MARK: Shapley values in shards

printed "shapley plan" shapley plan opt "${game[@]}" --players sublayers --shards 3 --output plan.json
awk '/^  "identity": \{$/ { inside = 1 } !inside { print } /^  \},?$/ { inside = 0 }' plan.json > outline.json
normalized outline.json | record "shapley plan: outline"
awk '/^  "identity": \{$/ { inside = 1 } inside { print } /^  \},?$/ { inside = 0 }' plan.json > identity.json
normalized identity.json | record "identity"
printed "shapley plan, json" shapley plan opt "${game[@]}" --players sublayers --shards 3 --output plan.json --force --json
for shard in 0 1; do printed "shapley work $shard" shapley work --plan plan.json --out shards --shard "$shard"; done
# The shards that are missing are named on standard output.
refused "shapley merge, a shard missing" 75 shapley merge --plan plan.json shards
printed "shapley work 2, json" shapley work --plan plan.json --out shards --shard 2 --json
printed "shapley work 2, again" shapley work --plan plan.json --out shards --shard 2
for shard in 0 1 2; do normalized "shards/shard-$shard-of-3.jsonl" | record "shapley work $shard: shard"; done
printed "shapley merge" shapley merge --plan plan.json shards --output merged.json
normalized merged.json | record "shapley merge: values"
printed "shapley merge, json" shapley merge --plan plan.json shards --json
valued "opt, sublayers" opt "${game[@]}" --players sublayers
cmp merged.json values.json >&2 || fail "the values of three shards are not those of one run"

# MARK: Pruning

for method in magnitude wanda sparsegpt; do
  pruned "llama, $method" llama --method "$method" --sparsity 0.5 "${text[@]}"
  pruned "opt, $method, json" opt --method "$method" --sparsity 0.6 "${text[@]}" --json
  for pattern in 2:4 4:8; do
    pruned "opt, $method $pattern" opt --method "$method" --pattern "$pattern" "${text[@]}"
    pruned "llama3-gqa, $method $pattern" random/llama3-gqa --method "$method" --pattern "$pattern" "${ids[@]}"
  done
  for model in "${models[@]}"; do
    pruned "$model, $method" "random/$model" --method "$method" --sparsity 0.7 "${ids[@]}"
    pruned "$model, $method, owl" "random/$model" --method "$method" --sparsity 0.7 --allocation owl "${ids[@]}"
    pruned "$model, $method, shapley" "random/$model" --method "$method" --sparsity 0.5 --allocation shapley "${ids[@]}"
  done
done
for method in admm alps; do
  pruned "llama, $method" llama --method "$method" --sparsity 0.7 "${text[@]}"
  pruned "opt, $method 2:4, json" opt --method "$method" --pattern 2:4 "${text[@]}" --json
  for model in "${models[@]}"; do pruned "$model, $method" "random/$model" --method "$method" --sparsity 0.6 "${ids[@]}"; done
done
pruned "llama, sparsegpt 2:4, json" llama --method sparsegpt --pattern 2:4 "${text[@]}" --json
pruned "llama, wanda 4:8" llama --method wanda --pattern 4:8 "${text[@]}"
pruned "opt, sparsegpt, own dampening and block size" opt --method sparsegpt --sparsity 0.5 --dampening 0.05 --block-size 32 \
  --seed 3 "${text[@]}"
pruned "opt, magnitude without a text" opt --method magnitude --sparsity 0.3
pruned "opt, wanda, ids" opt --method wanda --sparsity 0.5 --calibration calibration-kjv-opt.npy --data short.txt
SVNUP_KERNEL=portable pruned "opt-350m, sparsegpt, portable kernel" \
  random/opt-350m --method sparsegpt --sparsity 0.5 "${ids[@]}"
# So many samples that their states have to be stored as BF16, and far from any other limit.
pruned "llama, wanda, memory" llama --method wanda --sparsity 0.5 --calibration calibration.txt --samples 256 \
  --sequence-length 128 --memory 42MiB
grep -q '"calibrationStates": "BF16"' pruned/svnup.json || fail "the memory limit no longer leads to BF16 states"

pruned "llama, wanda, owl" llama --method wanda --sparsity 0.6 --allocation owl "${text[@]}"
pruned "opt, sparsegpt, owl, spread" opt --method sparsegpt --sparsity 0.6 --allocation owl --spread 0.05 "${text[@]}"

pruned "llama, wanda, dlp" llama --method wanda --sparsity 0.6 --allocation dlp "${text[@]}"
pruned "llama, wanda, search" llama --method wanda --sparsity 0.6 --allocation search --start uniform --generations 5 \
  "${text[@]}"
pruned "opt, magnitude, alphapruning, spread" opt --method magnitude --sparsity 0.6 --allocation alphapruning --spread 0.2

pruned "llama, sparsegpt, shapley" llama --method sparsegpt --sparsity 0.6 --allocation shapley --windows 2 "${text[@]}"
mv pruned earlier
pruned "llama, wanda, earlier svnup.json" llama --method wanda --allocation earlier/svnup.json "${text[@]}"
pruned "llama, wanda, shapley of blocks, spread auto" llama --method wanda --sparsity 0.6 --allocation shapley --spread auto \
  --players blocks --window 1 --windows 2 "${text[@]}"
pruned "llama-v1, sparsegpt, shapley, spread auto, json" random/llama-v1 --method sparsegpt --sparsity 0.6 \
  --allocation shapley --spread auto "${ids[@]}" --json
pruned "opt, wanda, shapley of bypassed blocks, orders" opt --method wanda --sparsity 0.5 --allocation shapley \
  --absence bypassed --estimator permutation --evaluations 40 --windows 2 --spread 0.05 "${text[@]}"
pruned "opt, magnitude, shapley, probe sparsegpt" opt --method magnitude --sparsity 0.4 --allocation shapley \
  --players sublayers --probe-method sparsegpt --probe-sparsity 0.6 --window 1 --windows 2 --value perplexity "${text[@]}"

values=(--sparsity 0.5 --allocation shapley --values values.json)
valued "opt, linears" opt "${game[@]}" --window 1
pruned "opt, wanda, values" opt --method wanda "${values[@]}" "${text[@]}"
pruned "opt, sparsegpt, values, spread" opt --method sparsegpt "${values[@]}" --spread 0.03 "${text[@]}"
pruned "opt, magnitude, values, spread auto" opt --method magnitude "${values[@]}" --spread auto "${text[@]}"
for scaling in linear rank log exponential; do
  pruned "opt, wanda, values, $scaling" opt --method wanda "${values[@]}" --scaling "$scaling" "${text[@]}"
done
pruned "opt, wanda, values, floor and ceiling" opt --method wanda "${values[@]}" --floor 0.4 --ceiling 0.6 "${text[@]}"
pruned "opt, wanda, values, rank, spread, floor" opt --method wanda "${values[@]}" --scaling rank --spread 0.3 \
  --floor 0.3 "${text[@]}"

echo '{"blocks": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]}' > blocks.json
pruned "opt, sparsegpt, file of blocks" opt --method sparsegpt --allocation blocks.json "${text[@]}"
echo '{"players": "sublayers", "sparsities": {"0.attention": 0.1, "0.mlp": 0.2, "1.attention": 0.3, "1.mlp": 0.4,
  "2.attention": 0.5, "2.mlp": 0.6, "3.attention": 0.7, "3.mlp": 0.8}}' > sublayers.json
pruned "opt-125m, wanda, file of sublayers" random/opt-125m --method wanda --allocation sublayers.json "${ids[@]}"
pruned "llama3-gqa, sparsegpt, shapley, spread" random/llama3-gqa --method sparsegpt --sparsity 0.5 --allocation shapley \
  --spread 0.01 "${ids[@]}"
mv pruned sharded

# MARK: Without zeros

for saved in earlier sharded; do
  rm -rf packed unpacked
  printed "pack $saved" pack "$saved" --output packed
  saved "pack $saved" packed
  printed "verify $saved, packed" verify packed
  printed "info $saved, packed" info packed
  printed "unpack $saved" unpack packed --output unpacked
  for file in "$saved"/*.safetensors; do cmp "$file" "unpacked/${file##*/}" >&2 || fail "unpack $saved: ${file##*/} differs"; done
done

# MARK: Texts, questions and one part

tasks=$repository/Tests/Fixtures/tasks
for model in llama opt earlier; do
  printed "generate $model" generate "$model" "In the beginning" --tokens 40
  printed "generate $model, drawn, json" generate "$model" "In the beginning" --tokens 40 --temperature 0.8 --top-k 40 --top-p 0.95 \
    --seed 7 --json
  printed "evaluate $model" evaluate "$model" --task "$tasks/arc.jsonl" --task "$tasks/lambada.jsonl"
  printed "evaluate $model, json" evaluate "$model" --task "$tasks/hella.jsonl" --json
done
printed "explain llama" explain llama --data short.txt
rm -rf study
printed "compare llama, json" compare llama --methods wanda,sparsegpt --allocations uniform,owl "${text[@]}" --output study --json
for file in table.md table.tex table.csv cells.csv; do normalized "study/$file" | record "compare llama: $file"; done

# MARK: Verification

for saved in earlier sharded; do
  printed "verify $saved" verify "$saved"
  printed "verify $saved, json" verify "$saved" --json
  printed "info $saved" info "$saved"
done
cp -r earlier damaged
# In the midst of the weights.
printf 'svnup' | dd of=damaged/model.safetensors bs=1 seek=3000000 conv=notrunc status=none
refused "verify, a byte changed" 65 verify damaged
rm -r damaged && cp -r earlier damaged
sed -i.before -E '0,/"zeros": [0-9]+/ s//"zeros": 1/' damaged/svnup.json
refused "verify, another number of zeros" 65 verify damaged
refused "verify, json, another number of zeros" 65 verify damaged --json
rm -r damaged && cp -r sharded damaged
truncate -s 90000 damaged/model-00002-of-00004.safetensors
refused "verify, a file cut off" 65 verify damaged
refused "info, a file cut off" 65 info damaged
rm damaged/model-00002-of-00004.safetensors
refused "verify, a file missing" 65 verify damaged
refused "verify, no record" 66 verify llama

# MARK: Command lines that are refused

prune=(prune llama --method wanda --calibration calibration.txt --output new)
refused "refused: command" 64 prun llama
refused "refused: option" 64 info llama --jsn
refused "refused: option of another command" 64 info llama --sparsity 0.5
refused "refused: no model" 64 info
refused "refused: sparsity 70" 64 "${prune[@]}" --sparsity 70
refused "refused: method" 64 prune llama --method wonder --sparsity 0.5 --output new
refused "refused: pattern and sparsity" 64 "${prune[@]}" --sparsity 0.5 --pattern 2:4
refused "refused: pattern with owl" 64 "${prune[@]}" --pattern 2:4 --allocation owl
refused "refused: pattern 4:2" 64 "${prune[@]}" --pattern 4:2
refused "refused: spread auto with owl" 64 "${prune[@]}" --sparsity 0.5 --allocation owl --spread auto
refused "refused: probe of uniform" 64 "${prune[@]}" --sparsity 0.5 --probe-method wanda
refused "refused: floor above sparsity" 64 "${prune[@]}" --sparsity 0.5 --allocation shapley --floor 0.6
refused "refused: no calibration" 64 prune llama --method wanda --sparsity 0.5 --output new
refused "refused: no output" 64 prune llama --method magnitude --sparsity 0.5
refused "refused: output exists" 73 prune llama --method magnitude --sparsity 0.5 --output earlier
refused "refused: blocks of another model" 65 "${prune[@]}" --allocation blocks.json
refused "refused: values of another model" 65 "${prune[@]}" "${values[@]}"
refused "refused: players of bypassed linears" 64 shapley llama "${game[@]}" --players linears --absence bypassed
refused "refused: window too long" 64 shapley llama "${game[@]}" --window 21
refused "refused: exact with too many players" 64 shapley llama "${game[@]}" --players linears --estimator exact
refused "refused: too little memory" 64 perplexity llama --data short.txt --sequence-length 128 --memory 1MiB
refused "refused: longer than positions" 64 perplexity llama --data short.txt --sequence-length 513
refused "refused: a text too short" 65 perplexity llama --data few.txt
refused "refused: no such model" 66 info nowhere
refused "refused: no such text" 66 perplexity llama --data nowhere.txt
refused "refused: a text without a tokenizer" 66 perplexity random/llama-v1 --data short.txt
refused "refused: no such plan" 66 shapley work --plan nowhere.json --out shards --shard 0
refused "refused: no such shard" 64 shapley work --plan plan.json --out shards --shard 3
SVNUP_KERNEL=abacus refused "refused: kernel" 64 info llama

# MARK: The demo

printed "demo, json" demo --json --output best
saved "demo" best
