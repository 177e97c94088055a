#!/usr/bin/env python3
"""Writes Tests/Fixtures/tokenizers/sentencepiece.jsonl: random small models, random texts, and what sentencepiece makes of them.

usage: make-sentencepiece-vectors.py > Tests/Fixtures/tokenizers/sentencepiece.jsonl        (pip install sentencepiece protobuf)

A line is {"pieces": [[spelling, score, type], ...] behind <unk>, <s> and </s>, "dummy_prefix", "remove_spaces", "texts": [{"text",
"ids", "decoded"}]}. Types are those of sentencepiece_model.proto: 1 is normal, 4 user-defined.
"""
import json
import random

from sentencepiece import SentencePieceProcessor, sentencepiece_model_pb2 as proto

ALPHABET = ["a", "b", "c", "▁", "é", "日"]
USER_DEFINED = ["ab", "▁▁", "\n", "x", "<x>", "▁c", "bca", "日日", "a", "▁", "<x>y", "aab"]


def model():
    pieces = {character: (-9.0, 1) for character in random.sample(ALPHABET, 5)}
    while len(pieces) < 30:
        piece = "".join(random.choices(list(pieces), k=2))
        if len(piece) <= 6 and piece not in pieces:
            pieces[piece] = (float(random.randint(-9, 0)), 1)
    for piece in random.sample(USER_DEFINED, random.randint(0, 4)):
        pieces[piece] = (0.0, 4)
    return [(piece, score, kind) for piece, (score, kind) in pieces.items()]


def main():
    random.seed(2)
    for _ in range(60):
        pieces = model()
        flags = {"dummy_prefix": random.random() < 0.7, "remove_spaces": random.random() < 0.3}
        message = proto.ModelProto()
        for piece, score, kind in [("<unk>", 0, 2), ("<s>", 0, 3), ("</s>", 0, 3)] + pieces:
            message.pieces.add(piece=piece, score=score, type=kind)
        message.trainer_spec.model_type = 2
        message.normalizer_spec.add_dummy_prefix = flags["dummy_prefix"]
        message.normalizer_spec.remove_extra_whitespaces = flags["remove_spaces"]
        processor = SentencePieceProcessor(model_proto=message.SerializeToString())
        texts = []
        for _ in range(12):
            parts = random.choice([["a", "b", "c", " "], ["a", "b", " ", "  ", "é", "日", "x", "y", "\n", "<x>", "</s>", "▁", "z"]])
            text = "".join(random.choice(parts) for _ in range(random.randint(0, 60 if len(parts) < 5 else 12)))
            ids = processor.encode(text)
            texts.append({"text": text, "ids": ids, "decoded": processor.decode(ids)})
        print(json.dumps({"pieces": pieces} | flags | {"texts": texts}, separators=(",", ":")))


main()
