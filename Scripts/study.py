#!/usr/bin/env python3
"""Makes the tables of Documentation/Allocation.md: prunes models by svnup's own command in every way that they compare.

    swift build -c release
    Scripts/study.py run results.jsonl models.json [--only TABLE,...] [--choices "CHOICE;..."] [--threads N]
    Scripts/study.py tables results.jsonl

models.json lists the models, what each is calibrated and measured on, and what is to be tried:

    [{"name": "kjv-llama", "model": "Sources/svnup/Resources/kjv-llama",
      "options": ["--calibration", "calibration.txt", "--samples", "64", "--sequence-length", "256", "--data", "test.txt"],
      "values": ["--windows", "16"], "sparsities": ["0.7", "2:4"], "seeds": [0, 1], "tables": ["methods", "allocations"]}]

"values" has options that only runs with Shapley values take, "shapley" those of `svnup shapley` for the table of estimators.

Every run is a line of results.jsonl; what is there already is not run again, so that a study goes on where it stopped. Only Python's
standard library is needed.
"""

import argparse
import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SVNUP = ROOT / ".build/release/svnup"

PLAIN = ["--targets", "own", "--sequential", "block", "--weighting", "equal"]
BOTH = ["--targets", "dense", "--sequential", "stage", "--weighting", "equal"]

# What each table compares: a name for people, and the options. The default of `svnup prune` has none.
TABLES = {
    "methods": {
        "SparseGPT": ["--method", "sparsegpt"],
        "the paper's setting: SparseGPT, blocks, windows":
            ["--method", "sparsegpt", "--allocation", "shapley", "--players", "blocks"],
        "SparseGPT, windows": ["--method", "sparsegpt", "--allocation", "shapley"],
        "SparseGPT, diagonal": ["--method", "sparsegpt", "--allocation", "shapley", "--estimator", "diagonal"],
        "ADMM": ["--method", "admm", "--allocation", "uniform"] + PLAIN,
        "ALPS": ["--method", "alps", "--allocation", "uniform"] + PLAIN,
        "ADMM, dense, stage": ["--allocation", "uniform"] + BOTH,
        "ADMM, dense, stage, weighted": ["--allocation", "uniform"],
        "ADMM, dense, stage, diagonal": BOTH,
        "default": [],
        "default by ALPS": ["--method", "alps"],
        "default by SparseGPT": ["--method", "sparsegpt", "--allocation", "shapley", "--estimator", "diagonal",
            "--probe-sparsity", "0.6", "--targets", "dense", "--sequential", "stage", "--weighting", "gradient"],
    },
    "allocations": {
        "SparseGPT, OWL": ["--method", "sparsegpt", "--allocation", "owl"],
        "SparseGPT, DLP": ["--method", "sparsegpt", "--allocation", "dlp"],
        "SparseGPT, AlphaPruning": ["--method", "sparsegpt", "--allocation", "alphapruning", "--spread", "0.2"],
        "default, OWL": ["--allocation", "owl"],
        "default, DLP": ["--allocation", "dlp"],
        "default, AlphaPruning": ["--allocation", "alphapruning", "--spread", "0.2"],
    },
    # Of `svnup shapley`; the first is what the others are compared with.
    "estimators": {
        "random orders, 4,000 coalitions": ["--estimator", "permutation", "--evaluations", "4000"],
        "random orders, 400 coalitions": ["--estimator", "permutation", "--evaluations", "400"],
        "windows of one": ["--estimator", "window", "--window", "1"],
        "windows of three": ["--estimator", "window"],
        "diagonal, 1 node": ["--estimator", "diagonal", "--nodes", "1"],
        "diagonal, 2 nodes": ["--estimator", "diagonal", "--nodes", "2"],
        "diagonal, 4 nodes": ["--estimator", "diagonal"],
        "diagonal, 8 nodes": ["--estimator", "diagonal", "--nodes", "8"],
    },
    "probes": {
        "default": [],
        "probe at the target": ["--probe-sparsity", "TARGET"],
        "probe at 0.7": ["--probe-sparsity", "0.7"],
        "probe at 0.5": ["--probe-sparsity", "0.5"],
        "probe by SparseGPT": ["--probe-method", "sparsegpt"],
    },
    "groups": {
        "SparseGPT": ["--method", "sparsegpt"],
        "Wanda": ["--method", "wanda"],
        "ADMM": ["--method", "admm"] + PLAIN,
        "ALPS": ["--method", "alps"] + PLAIN,
        "default": [],
    },
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run")
    run.add_argument("results")
    run.add_argument("models")
    run.add_argument("--only", default="", help="tables, separated by commas")
    run.add_argument("--choices", default="", help="rows of tables, separated by semicolons")
    run.add_argument("--threads", default="2")
    run.add_argument("--svnup", default=str(SVNUP))
    tables = commands.add_parser("tables")
    tables.add_argument("results")
    arguments = parser.parse_args()
    if arguments.command == "run":
        study(arguments)
    else:
        for table in TABLES:
            if table == "estimators":
                show_estimators(read(arguments.results))
            else:
                show(table, read(arguments.results))


def read(path):
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return [json.loads(line) for line in file if line.strip()]


def study(arguments):
    done = {key(result) for result in read(arguments.results)}
    only = [name for name in arguments.only.split(",") if name]
    choices = [name.strip() for name in arguments.choices.split(";") if name]
    models = json.loads(pathlib.Path(arguments.models).read_text())
    for model in models:
        for table in [name for name in model["tables"] if not only or name in only]:
            for sparsity in model["sparsities"]:
                if (":" in sparsity) != (table == "groups"):
                    continue
                for seed in model["seeds"]:
                    for choice, options in TABLES[table].items():
                        if choices and choice not in choices:
                            continue
                        wanted = {
                            "model": model["name"], "sparsity": sparsity, "seed": seed, "table": table, "choice": choice
                        }
                        if key(wanted) in done:
                            continue
                        options = [sparsity if word == "TARGET" else word for word in options]
                        target = ["--pattern" if ":" in sparsity else "--sparsity", sparsity, "--seed", str(seed)]
                        if table == "estimators":
                            result = value(arguments, model, sparsity, options)
                        else:
                            more = model.get("values", []) if takes_values(options, sparsity) else []
                            result = prune(arguments, model, target + options + more)
                        with open(arguments.results, "a") as file:
                            file.write(json.dumps({**wanted, **result}) + "\n")
                        print(*wanted.values(), result.get("perplexity", result.get("error")), flush=True)


def takes_values(options, sparsity):
    """Whether a run takes Shapley values, as `svnup prune` decides it."""
    if "--allocation" in options:
        return options[options.index("--allocation") + 1] == "shapley"
    return ":" not in sparsity and not ("--method" in options and options[options.index("--method") + 1] != "alps")


def key(result):
    return tuple(result[name] for name in ["model", "sparsity", "seed", "table", "choice"])


def value(arguments, model, sparsity, options):
    """What values by an estimator cost, and what a pruning with them comes to."""
    folder = tempfile.mkdtemp()
    values = os.path.join(folder, "values.json")
    words = [arguments.svnup, "shapley", model["model"], "--output", values, "--quiet", "--threads", arguments.threads]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run(
        words + model["shapley"] + ["--probe-sparsity", str(min(0.6, float(sparsity)))] + options, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if run.returncode != 0:
        return {"error": run.stderr.strip()}
    record = json.loads(pathlib.Path(values).read_text())
    result = prune(arguments, model, ["--sparsity", sparsity, "--allocation", "shapley", "--values", values])
    shutil.rmtree(folder)
    return {**result, "values": record["values"], "gap": record["efficiencyGap"], "steps": record["applications"],
            "processor": after.ru_utime - before.ru_utime}


def ranks(values):
    """The rank of every value; equal ones, of which there are hardly any, in their order."""
    order = sorted(range(len(values)), key=values.__getitem__)
    return [rank for _, rank in sorted((index, rank) for rank, index in enumerate(order))]


def spearman(a, b):
    """Spearman's correlation of two lists."""
    return statistics.correlation(ranks(a), ranks(b))


def prune(arguments, model, options):
    """What a pruning came to; the pruned model itself is thrown away."""
    folder = tempfile.mkdtemp()
    output = os.path.join(folder, "pruned")
    words = [arguments.svnup, "prune", model["model"], "--output", output, "--json", "--quiet"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    run = subprocess.run(
        words + ["--threads", arguments.threads] + model["options"] + options, capture_output=True, text=True)
    seconds = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    shutil.rmtree(folder)
    if run.returncode != 0:
        return {"error": run.stderr.strip()}
    record = json.loads(run.stdout)
    allocation = record["allocation"]
    return {
        "perplexity": record["prunedPerplexity"], "dense": record["densePerplexity"], "zeros": record["sparsity"],
        "seconds": seconds, "processor": after.ru_utime - before.ru_utime,
        "values": (allocation.get("shapley") or {}).get("values"), "options": options,
    }


def show_estimators(results):
    """A row for each model and estimator: cost, correlation with the first one, and the perplexity that follows."""
    results = [result for result in results if result["table"] == "estimators" and "perplexity" in result]
    for model in dict.fromkeys(result["model"] for result in results):
        here = [result for result in results if result["model"] == model]
        print(f"\n## estimators on {model}\n")
        print("| estimator | forward steps | processor seconds | gap | Spearman | perplexity |")
        print("|---|---|---|---|---|---|")
        for result in here:
            correlation = spearman(result["values"], here[0]["values"])
            print(
                f"| {result['choice']} | {result['steps']} | {result['processor']:.0f} | {result['gap']:.3f} | "
                f"{correlation:.3f} | {result['perplexity']:.2f} |")


def show(table, results):
    """A row a choice; a column a model and sparsity: the mean over seeds, and per cent against the first choice."""
    results = [result for result in results if result["table"] == table and "perplexity" in result]
    if not results:
        return
    columns = list(dict.fromkeys((result["model"], result["sparsity"]) for result in results))
    print(f"\n## {table}\n")
    print("| |" + "".join(f" {model} {sparsity} |" for model, sparsity in columns))
    print("|---|" + "---|" * len(columns))
    base = next(iter(TABLES[table]))
    for choice in TABLES[table]:
        cells = []
        for column in columns:
            here = [result for result in results if (result["model"], result["sparsity"]) == column]
            # A choice is compared with the first one on the same seeds.
            seeds = {result["seed"] for result in here if result["choice"] == choice}
            found = [result["perplexity"] for result in here if result["choice"] == choice]
            first = [result["perplexity"] for result in here if result["choice"] == base and result["seed"] in seeds]
            if not found:
                cells.append("")
                continue
            share = f" ({100 * (statistics.mean(found) / statistics.mean(first) - 1):+.1f} %)" if first and choice != base else ""
            cells.append(f"{statistics.mean(found):.2f}{share}")
        print(f"| {choice} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    sys.exit(main())
