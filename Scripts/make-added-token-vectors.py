#!/usr/bin/env python3
"""Writes Tests/Fixtures/tokenizers/added-tokens.jsonl: random added tokens, random texts, and the ids of Hugging Face tokenizers.

usage: make-added-token-vectors.py > Tests/Fixtures/tokenizers/added-tokens.jsonl        (pip install tokenizers)

A line is {"base": name of a fixture, "set": components that replace the base's, "texts": [{"text", "ids", "ids_plain"}]}: ids with
special tokens recognised, and with `encode_special_tokens` on.
"""
import json
import pathlib
import random

from tokenizers import Tokenizer

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "Tests/Fixtures/tokenizers"
CONTENTS = ["<x>", "<x>y", "x", "é", " ", "  ", "\n", "the", "▁", "▁the", "<mask>", "ab", "b<", "日本", "'s", "٣", "_", "-", "aa",
            "a a", " <x>", "<x> ", "\u200d"]
GLUE = [" ", " ", "\n", "a", "z", "_", "é", "e\u0301", "-", "\u00a0", "\u200d", "٣", "12", "3½ ", "\U00011de1", ".", "  ", "\t", "", "", "日", "▁", "<s>", "</s>"]
METASPACE = {"type": "Metaspace", "replacement": "▁", "split": True}


def components(base):
    if base == "kjv-opt":
        byte_level = {"type": "ByteLevel", "add_prefix_space": random.random() < 0.5, "trim_offsets": True, "use_regex": True}
        if random.random() < 0.3:
            steps = [{"type": "Digits", "individual_digits": True}, byte_level | {"add_prefix_space": False}]
            return {"pre_tokenizer": {"type": "Sequence", "pretokenizers": steps}}
        return {"pre_tokenizer": byte_level}
    kind = random.randrange(4)
    if kind == 0:
        return {}
    scheme = ["always", "first", "never"][kind - 1]
    return {"normalizer": None, "pre_tokenizer": METASPACE | {"prepend_scheme": scheme, "split": random.random() < 0.5}}


def added_tokens(base):
    tokens, following = [], len(base["model"]["vocab"])
    for token in base["added_tokens"]:
        tokens.append(token | {"normalized": random.random() < 0.3})
    for content in random.sample(CONTENTS, random.randint(1, 6)):
        number = base["model"]["vocab"].get(content)
        if number is None:
            number, following = following, following + 1
        flags = {flag: random.random() < 0.4 for flag in ["single_word", "lstrip", "rstrip", "normalized", "special"]}
        tokens.append({"id": number, "content": content} | flags)
    return tokens


def main():
    random.seed(1)
    for number in range(120):
        name = ["kjv1024", "kjv-opt"][number % 2]
        base = json.loads((FIXTURES / name / "tokenizer.json").read_text())
        changes = components(name) | {"added_tokens": added_tokens(base)}
        tokenizer = Tokenizer.from_str(json.dumps(base | changes))
        contents = [token["content"] for token in changes["added_tokens"]]
        texts = []
        for _ in range(8):
            text = "".join(random.choice(random.choice([contents, GLUE])) for _ in range(random.randint(0, 9)))
            entry = {"text": text}
            for key, plain in [("ids", False), ("ids_plain", True)]:
                tokenizer.encode_special_tokens = plain
                entry[key] = tokenizer.encode(text, add_special_tokens=False).ids
            texts.append(entry)
        print(json.dumps({"base": name, "set": changes, "texts": texts}, separators=(",", ":")))


main()
