#!/usr/bin/env python3
"""Writes Sources/Tokenizer/CharacterClassRanges.swift.

usage: make-character-classes.py unicode-classes.json > Sources/Tokenizer/CharacterClassRanges.swift

The input is {"L": [[first, last], ...], "N": [...], "s": [...]}: the scalars that \\p{L}, \\p{N} and \\s match in the
regular-expression engine of Hugging Face tokenizers.
"""
import json
import sys


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
print("// Written by Scripts/make-character-classes.py; do not edit.\n")
print("/// Character classes of Unicode 16.0: first and last scalar of each range, alternating and ascending.")
print("enum CharacterClassRanges {")
print(
    literal("letters", "`\\p{L}`.", classes["L"])
    + "\n"
    + literal("numbers", "`\\p{N}`.", classes["N"])
    + "\n"
    + literal("blanks", "`\\s`.", classes["s"])
    + "}"
)
