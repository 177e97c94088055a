#!/usr/bin/env python3
"""Writes Tests/Fixtures/rotary/frequencies.jsonl: the rotary frequencies that transformers computes for a configuration.

usage: make-rotary-vectors.py > Tests/Fixtures/rotary/frequencies.jsonl        (pip install torch transformers)

A line is {"name", "config": a `config.json`, "frequencies": radians a position, one for each pair of columns, "attention_factor": what
multiplies cosines and sines}. A text of as many tokens as the configuration allows has gone through the embedding before they are
read, so that a kind that looks at the length of the text has seen it.
"""
import json
import os
import pathlib
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

import torch
from transformers import AutoConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

TINY = {"model_type": "llama", "hidden_size": 8, "intermediate_size": 8, "num_attention_heads": 1, "num_hidden_layers": 1,
        "vocab_size": 8, "head_dim": 128, "max_position_embeddings": 4096, "rope_theta": 10000.0}
LLAMA3 = {"factor": 8.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0, "rope_type": "llama3"}


def write(name, **fields):
    config = TINY | fields
    config = {key: value for key, value in config.items() if value != "absent"}
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "config.json").write_text(json.dumps(config))
        rotary = LlamaRotaryEmbedding(AutoConfig.from_pretrained(folder))
    rotary(torch.zeros(1), torch.arange(config["max_position_embeddings"])[None])
    print(json.dumps({"name": name, "config": config, "frequencies": rotary.inv_freq.tolist(),
                      "attention_factor": rotary.attention_scaling}))


def yarn(name, _fields={}, **members):
    write(f"yarn, {name}", **_fields, rope_scaling={"rope_type": "yarn"} | members)


write("no scaling")
write("no base", rope_theta="absent")
write("default", rope_scaling={"rope_type": "default", "rope_theta": 500000.0})
write("linear", rope_scaling={"type": "linear", "factor": 3})
write("both types", rope_scaling={"type": "linear", "rope_type": "dynamic", "factor": 3})
write("new spelling", rope_parameters={"rope_type": "linear", "factor": 2.5, "rope_theta": 20000})
write("both spellings", rope_scaling={"rope_type": "linear", "factor": 2.0},
      rope_parameters={"rope_type": "linear", "factor": 5.0, "rope_theta": 500.0})
write("an empty rope_scaling", rope_scaling={}, rope_parameters={"rope_type": "linear", "factor": 5.0, "rope_theta": 500.0})
write("dynamic", rope_scaling={"type": "dynamic", "factor": 2.0})
write("dynamic, a length that rounds", max_position_embeddings=3001, rope_scaling={"type": "dynamic", "factor": 2.3})
write("dynamic, an original length", rope_scaling={"type": "dynamic", "factor": 4.0, "original_max_position_embeddings": 1024})
write("llama3", rope_theta=500000.0, rope_scaling=LLAMA3 | {"original_max_position_embeddings": 1024})
write("llama3, no original length", rope_theta=500000.0, rope_scaling=LLAMA3)
write("llama3, an original length beside", rope_theta=500000.0, original_max_position_embeddings=512,
      rope_scaling=LLAMA3 | {"original_max_position_embeddings": 1024})
yarn("recommended", factor=4.0, original_max_position_embeddings=1024)
yarn("base 10^6", {"rope_theta": 1000000.0}, factor=4.0, original_max_position_embeddings=1024)
yarn("a base within", {"rope_theta": "absent"}, factor=4.0, rope_theta=150000,
     original_max_position_embeddings=1024)
yarn("no original length", factor=4.0)
yarn("an original length beside", {"original_max_position_embeddings": 512}, factor=4.0, original_max_position_embeddings=1024)
yarn("no factor", factor=None, original_max_position_embeddings=512)
yarn("a factor below 1", factor=0.5, original_max_position_embeddings=1024)
yarn("attention_factor", factor=4.0, original_max_position_embeddings=1024, attention_factor=0.5, mscale=2.0, mscale_all_dim=1.0)
yarn("mscale", factor=40.0, original_max_position_embeddings=4096, mscale=1.0, mscale_all_dim=0.707)
yarn("mscale alone", factor=40.0, original_max_position_embeddings=4096, mscale=2.0)
yarn("mscale_all_dim of 0", factor=40.0, original_max_position_embeddings=4096, mscale=2.0, mscale_all_dim=0.0)
yarn("betas", factor=16.0, original_max_position_embeddings=2048, beta_fast=12, beta_slow=2.5)
yarn("equal betas", factor=16.0, original_max_position_embeddings=2048, beta_fast=7, beta_slow=7, truncate=False)
yarn("not truncated", factor=32.0, original_max_position_embeddings=4096, truncate=False)
yarn("truncated", factor=32.0, original_max_position_embeddings=4096, truncate=True)
yarn("a short original length", factor=16.0, original_max_position_embeddings=4)
yarn("heads of 6 columns", {"head_dim": 6}, factor=4.0, original_max_position_embeddings=64)
yarn("heads of 2 columns", {"head_dim": 2}, factor=4.0, original_max_position_embeddings=64)
yarn("null members", factor=4.0, original_max_position_embeddings=1024, attention_factor=None, mscale=None, mscale_all_dim=None,
     beta_fast=None, beta_slow=None)
yarn("a base near 1", {"rope_theta": 1.5}, factor=4.0, original_max_position_embeddings=1024)
