#!/usr/bin/env python3
"""Writes Sources/Tokenizer/CharacterClassRanges.swift.

usage: make-character-classes.py unicode-classes.json > Sources/Tokenizer/CharacterClassRanges.swift

The input is {"L": [[first, last], ...], "N": [...], "s": [...]}: the scalars that \\p{L}, \\p{N} and \\s match in the
regular-expression engine of Hugging Face tokenizers. What \\w matches is found by asking that library (pip install
tokenizers) about every scalar: a token that must be a word of its own is not recognised beside one.
"""
import json
import sys

import tokenizers


def word_characters():
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(vocab={"a": 0}, merges=[]))
    tokenizer.add_tokens([tokenizers.AddedToken("<x>", single_word=True, normalized=False)])
    token = tokenizer.token_to_id("<x>")
    for scalar in range(0x110000):
        if not 0xD800 <= scalar < 0xE000 and token not in tokenizer.encode(chr(scalar) + "<x>").ids:
            yield scalar


def ranges(scalars):
    result = []
    for scalar in scalars:
        if result and result[-1][1] == scalar - 1:
            result[-1][1] = scalar
        else:
            result.append([scalar, scalar])
    return result


def literal(name, comment, ranges):
    flat = [value for pair in ranges for value in pair]
    lines, line = [], "   "
    for value in flat:
        item = f" 0x{value:X},"
        if len(line) + len(item) > 120:
            lines.append(line)
            line = "   "
        line += item
    lines.append(line)
    return f"  /// {comment}\n  static let {name}: [UInt32] = [\n" + "\n".join(lines) + "\n  ]\n"


classes = json.load(open(sys.argv[1]))
letters = {scalar for first, last in classes["L"] for scalar in range(first, last + 1)}
words = ranges(scalar for scalar in word_characters() if scalar not in letters)
print("// Written by Scripts/make-character-classes.py; do not edit.\n")
print("/// Character classes of Unicode 16.0: first and last scalar of each range, alternating and ascending.")
print("enum CharacterClassRanges {")
print(
    literal("letters", "`\\p{L}`.", classes["L"])
    + "\n"
    + literal("numbers", "`\\p{N}`.", classes["N"])
    + "\n"
    + literal("blanks", "`\\s`.", classes["s"])
    + "\n"
    + literal("otherWordCharacters", "`\\w` without `\\p{L}`.", words)
    + "}"
)
