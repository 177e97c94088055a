#!/usr/bin/env python3
"""Writes Sources/Tokenizer/Unicode/UnicodeTables.swift: what Hugging Face tokenizers know of each character when they normalise.

usage: make-unicode-tables.py > Sources/Tokenizer/Unicode/UnicodeTables.swift        (pip install tokenizers)

The library itself is asked for every character, so that its versions of Unicode are ours; unicodedata only names one mark of each
combining class, with which the others are compared. Numbers are written in digits of five bits, the least first; a sixth bit tells
that more digits follow. UnicodeTables.swift says what the numbers are.
"""
import sys
import unicodedata

from tokenizers import normalizers

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
SCALARS = [scalar for scalar in range(0x110000) if not 0xD800 <= scalar < 0xE000]
HANGUL = range(0xAC00, 0xD7A4)
FORMS = {name: getattr(normalizers, name)() for name in ("NFC", "NFD", "NFKC", "NFKD")}


def scalars(text):
    return tuple(map(ord, text))


def digits(number):
    result = ""
    while number > 31:
        result += ALPHABET[number & 31 | 32]
        number >>= 5
    return result + ALPHABET[number]


def signed(number):
    return number * 2 if number >= 0 else -number * 2 - 1


def packed(numbers):
    return "".join(map(digits, numbers))


def decompositions():
    """(scalar, kind, mapping); kind is 0 where the scalar is composed again, 1 where not, 2 for compatibility."""
    result = []
    for scalar in SCALARS:
        if scalar in HANGUL:
            continue
        text = chr(scalar)
        canonical, compatible = (scalars(FORMS[name].normalize_str(text)) for name in ("NFD", "NFKD"))
        if canonical != (scalar,):
            result.append((scalar, 0 if FORMS["NFC"].normalize_str(text) == text else 1, canonical))
        if compatible != canonical:
            result.append((scalar, 2, compatible))
    return result


def mappings(entries):
    """Runs of (scalar, kind, mapping) whose scalars and first mapped scalars advance alike."""
    numbers, i, last, lastTarget = [], 0, 0, 0
    while i < len(entries):
        scalar, kind, mapping = entries[i]
        count, step = 1, 0
        if i + 1 < len(entries) and entries[i + 1][0] - scalar in (1, 2):
            step = entries[i + 1][0] - scalar
            while i + count < len(entries) and entries[i + count] == (
                scalar + count * step, kind, (mapping[0] + count * step,) + mapping[1:]):
                count += 1
        numbers += [signed(scalar - last), kind + (4 if count > 1 else 0) + 8 * len(mapping)]
        if count > 1:
            numbers += [count, step]
        for k, target in enumerate(mapping):
            numbers.append(signed(target - (mapping[k - 1] if k else lastTarget)))
        last, lastTarget = scalar, mapping[0]
        i += count
    return packed(numbers)


def combining_classes():
    nfd = FORMS["NFD"].normalize_str
    swaps = lambda first, second: nfd("a" + first + second) == "a" + second + first != "a" + first + second
    # A mark of each class that the library knows: it puts U+0334, of class 1, before all others.
    marks = {1: "\u0334"}
    for scalar in SCALARS:
        if unicodedata.combining(chr(scalar)) and swaps(chr(scalar), marks[1]):
            marks.setdefault(unicodedata.combining(chr(scalar)), chr(scalar))
    known = sorted(marks)
    result = {}
    for scalar in SCALARS:
        text = chr(scalar)
        if scalar in HANGUL or nfd(text) != text:
            continue
        # 1 is the least class, and no mark has more than 240.
        if not swaps(text, marks[1]):
            if swaps(marks[known[-1]], text):
                result[scalar] = 1
            continue
        result[scalar] = next(
            (known[k + 1] for k in range(len(known) - 1, -1, -1) if k + 1 < len(known) and swaps(text, marks[known[k]])))
    return result


def runs(values):
    """Gap, length and value of each run of scalars with one value."""
    numbers, end, keys, i = [], 0, sorted(values), 0
    while i < len(keys):
        count = 1
        while i + count < len(keys) and keys[i + count] == keys[i] + count and values[keys[i + count]] == values[keys[i]]:
            count += 1
        numbers += [keys[i] - end, count] + ([values[keys[i]]] if values[keys[i]] is not True else [])
        end = keys[i] + count
        i += count
    return packed(numbers)


def removed_by(normalizer):
    return runs({scalar: True for scalar in SCALARS if normalizer.normalize_str(chr(scalar)) == ""})


def bert(**settings):
    flags = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**(flags | settings))


def literal(name, comment, text, width=112):
    lines = [text[i : i + width] for i in range(0, len(text), width)]
    return (
        f"  /// {comment}\n  static let {name}: StaticString = \"\"\"\n"
        + " \\\n".join("    " + line for line in lines).replace(" \\\n", "\\\n")
        + "\n    \"\"\"\n"
    )


def main():
    lower = normalizers.Lowercase()
    lowered = [(s, 0, scalars(lower.normalize_str(chr(s)))) for s in SCALARS if lower.normalize_str(chr(s)) != chr(s)]
    print("// Written by Scripts/make-unicode-tables.py; do not edit.\n")
    print("/// What the reference knows of characters when it normalises, in the digits that `PackedNumbers` reads.")
    print("enum UnicodeTables {")
    print(
        "\n".join([
            literal("decompositions", "Full decompositions as of Unicode 9, without Hangul, as `ScalarMappings`: kind 0 is composed again, 1 is not,\n"
                    "  /// 2 is the one by compatibility where it differs.", mappings(decompositions())),
            literal("combiningClasses", "Gap, length and class of runs of marks as of Unicode 9.", runs(combining_classes())),
            literal("lowercase", "Lower case as of Unicode 17, as `ScalarMappings`.", mappings(lowered)),
            literal("accents", "Gap and length of runs of what `StripAccents` removes: marks as of Unicode 9.",
                    removed_by(normalizers.StripAccents())),
            literal("bertAccents", "The same of `BertNormalizer`: marks without width, as of Unicode 8.", removed_by(bert(strip_accents=True))),
            literal("bertControls", "The same of `clean_text`: control, format and private characters as of Unicode 8.",
                    removed_by(bert(clean_text=True))),
        ])
        + "}"
    )


if __name__ == "__main__":
    sys.exit(main())
