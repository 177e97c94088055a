#!/usr/bin/env python3
"""Writes Tests/Fixtures/tokenizers/configurations.jsonl: what the files beside a vocabulary do to ids in Hugging Face transformers.

usage: make-configuration-vectors.py > Tests/Fixtures/tokenizers/configurations.jsonl        (pip install transformers)

A line is {"name", "copied": files of the fixture kjv-opt, "files": {name: contents}, "text", "ids", "ids_empty": ids of an empty
text, "size": the vocabulary's size}.
"""
import json
import os
import pathlib
import shutil
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

from transformers import GPT2Tokenizer

FIXTURE = pathlib.Path(__file__).resolve().parents[1] / "Tests/Fixtures/tokenizers/kjv-opt"
TEXT = "In <x> </s>the<pad> <|endoftext|> <s>y<X y>  <unk>\n<mask>  <e0>"
OPT = {"tokenizer_class": "GPT2Tokenizer", "add_bos_token": True, "bos_token": "</s>", "eos_token": "</s>", "unk_token": "</s>",
       "pad_token": "<pad>"}


def token(content, **settings):
    return {"content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True} | settings


def write(name, files, copied=("vocab.json", "merges.txt")):
    with tempfile.TemporaryDirectory() as folder:
        for file in copied:
            shutil.copy(FIXTURE / file, folder)
        for file, contents in files.items():
            (pathlib.Path(folder) / file).write_text(json.dumps(contents))
        tokenizer = GPT2Tokenizer.from_pretrained(folder)
        print(json.dumps({
            "name": name, "copied": copied, "files": files, "text": TEXT, "ids": tokenizer.encode(TEXT),
            "ids_empty": tokenizer.encode(""), "size": len(tokenizer)}))


def configured(name, **settings):
    write(name, {"tokenizer_config.json": OPT | settings})


decoder = {"1024": token("<x>", lstrip=True), "1025": token("<X y>", special=False, normalized=True, rstrip=True),
           "2": token("</s>", normalized=True)}
write("no other file", {})
write("an empty configuration", {"tokenizer_config.json": {}})
configured("OPT")
configured("no beginning", bos_token=None)
configured("a beginning that is new", bos_token="<x>")
configured("an end", add_eos_token=True)
configured("a prefix space", add_prefix_space=True)
configured("numbered tokens", added_tokens_decoder=decoder)
configured("extra tokens", extra_special_tokens=["<x>"])
configured("extra tokens with names", extra_special_tokens={"x_token": "<x>"})
configured("a role of the model's own", x_token="<x>")
configured("a token with settings", mask_token=token("<mask>", lstrip=True, normalized=True) | {"__type": "AddedToken"})
configured("two more roles", cls_token="<X y>", sep_token="<e0>")
write("a map of special tokens", {
    "tokenizer_config.json": {"add_bos_token": True},
    "special_tokens_map.json": {"bos_token": token("</s>", lstrip=True), "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>",
                                "additional_special_tokens": ["<x>"]}})
write("a map over a configuration", {
    "tokenizer_config.json": {"bos_token": "<s>", "add_bos_token": True}, "special_tokens_map.json": {"bos_token": "</s>"}})
write("numbered tokens over a map", {
    "tokenizer_config.json": {"bos_token": "<s>", "added_tokens_decoder": {"1024": token("<x>")}},
    "special_tokens_map.json": {"bos_token": "</s>"}})
write("added tokens", {"tokenizer_config.json": OPT, "added_tokens.json": {"<x>": 1024, "<X y>": 1025}})
write("added tokens, one special", {
    "tokenizer_config.json": OPT | {"additional_special_tokens": ["<x>"]}, "added_tokens.json": {"<x>": 1024, "<X y>": 1025}})
for flag in [True, False]:
    write(f"tokenizer.json with add_prefix_space {flag}",
          {"tokenizer_config.json": OPT | {"unk_token": "<unk>", "add_prefix_space": flag, "add_bos_token": False, "add_eos_token": True}},
          ["tokenizer.json"])
