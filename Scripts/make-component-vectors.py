#!/usr/bin/env python3
"""Writes Tests/Fixtures/tokenizers/components.jsonl: ids that Hugging Face tokenizers gives, by normalizer, pre-tokenizer and text.

usage: make-component-vectors.py [SEED [RANDOM-TOKENIZERS [TEXTS-OF-EACH]]] > components.jsonl        (pip install tokenizers)

The first line is {"texts"}, which the lines after it share. {"normalizer", "outputs"} has what each text becomes, null where it stays.
{"normalizer", "pre_tokenizer", "added_tokens", "tokens", "ids"} and, with texts of its own, "texts": ids of a tokenizer whose vocabulary is
the 256 bytes in the alphabet of ByteLevel and the tokens, which become ids without a merge; null where the library panics.
"""
import json
import random
import sys

from tokenizers import Tokenizer, normalizers

seed, count, textCount = (int(sys.argv[i]) if len(sys.argv) > i else standard for i, standard in ((1, 5), (2, 70), (3, 12)))
UNITS = [
    "a", "b", "q\u0301", "ab", "The", "GOD", "A", "i", "I", "İ", "ı", "i\u0307", "I\u0307", "Σ", "ΑΣ", "ΣΑΣ", "ς", "ß", "ẞ", "ǅ", "Ω", "K", "Å", "Ⱥ",
    "é", "e\u0301", "E\u0301\u0323", "e\u0323\u0301", "ạ\u0302", "ậ", "s\u0323\u0307", "ẛ\u0323", "\u0344", "\u0308\u0301", "\u0301", "\u0345",
    "\u0f71\u0f72", "\u0f73", "\u09c7\u09be", "\u0b47\u0b56", "\u1025\u102e", "\u1100\u1161", "\u1100\u1161\u11a8", "\uac00\u11a8", "각", "\u1161",
    "\u11a7", "\u11a8", "\uac00\u11a7", "\u1113\u1161", "한국어", "\u3131", "\uffa1\uffc2", "\uff76\uff9e", "が", "か\u3099", "ﬁ", "ﬀ", "ﬃ", "ﬅ",
    "\ufdfa", "\ufdfb", "㌀", "㍿", "㋿", "①", "²", "½", "Ⅷ", "ⅷ", "\U0001d15e", "\U0001d160\U0001d165", "\U0001d400", "\U0001d7d8", "\U00011131\U00011127",
    "\U00011935\U00011930", "\U000110ba", "\u0958", "\u2adc", "\ufb1d", "\ufb2c", "\U0002f800", "豈", "\u0340", "\u037e", "\u1fbe", "\u2000", "\u3000",
    "\u00a0", "\u00a8", "\u00b4", "\u1680", "\u180e", "\u200b", "\u200c", "\u200d", "\u2028", "\u0085", "\ufeff", "\u0000", "\u0001", "\u007f", "\u009f",
    "\u00ad", "\ufffd", "\u2581", "▁a", " ", " ", " ", "  ", "   ", "\t", "\n", "\r\n", "\r", "\u000b", "\u000c", ".", ",", "!?", "...", "-", "_", "'s", "'",
    "$", "+", "^", "`", "|", "。", "「", "«", "1", "23", "4567", "٣", "日本", "語", "👩‍👩‍👧", "😀", "🇩🇪", "\U00011de0", "\u088f", "\u0378", "\U0010ffff", "\ue000",
    "\u0903", "\u20dd", "\u0898", "\u1abf", "\u302a", "\u05b0\u05b1", "\u0591\u0592", "\u0316\u0301\u031b", "\u1e9b", "\u212b", "\U0001e94a", "\u3402", "\U0002b820",
]
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
BEHAVIORS = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def steps(key, *components):
    return {"type": "Sequence", key: list(components)}


def split(pattern, behavior, invert, kind="Regex"):
    return {"type": "Split", "pattern": {kind: pattern}, "behavior": behavior, "invert": invert}


def replace(pattern, content, kind="Regex"):
    return {"type": "Replace", "pattern": {kind: pattern}, "content": content}


def metaspace(scheme="always", cuts=True, replacement="\u2581"):
    return {"type": "Metaspace", "replacement": replacement, "prepend_scheme": scheme, "split": cuts}


def bert(clean, chinese, accents, lower):
    return {"type": "BertNormalizer", "clean_text": clean, "handle_chinese_chars": chinese, "strip_accents": accents, "lowercase": lower}


SIMPLE = [{"type": name} for name in ("NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt")]
STRIPS = [{"type": "Strip", "strip_left": left, "strip_right": right} for left in (True, False) for right in (True, False)]
REPLACES = [
    replace(" ", "\u2581", "String"), replace("ab", "", "String"), replace(r"\s+", " "), replace(r"[\r\n]", "\n"), replace(r"\p{M}+", "x"),
    replace(r"\d", "0"), replace(r"(?:ab|a)b?", "$1"), replace(r"\s+(?!\S)", ""), replace(r" {2,}", " "), replace(r"\A +| +\z", ""),
]
BERTS = [bert(True, True, None, True), bert(True, True, None, False), bert(False, True, True, False), bert(True, False, False, True)]
NORMALIZERS = SIMPLE + STRIPS + REPLACES + BERTS + [
    {"type": "Prepend", "prepend": "\u2581"},
    steps("normalizers", {"type": "NFD"}, {"type": "StripAccents"}, {"type": "NFC"}), steps("normalizers", {"type": "NFKC"}, {"type": "Lowercase"}),
    steps("normalizers", {"type": "Lowercase"}, {"type": "NFKD"}, STRIPS[0]), steps("normalizers"),
]
CUTTERS = (
    [split(r"\s+", b, i) for b in BEHAVIORS for i in (False, True)]
    + [split(r"\p{L}|\d+", b, i) for b in BEHAVIORS for i in (False, True)]
    + [split(GPT2, b, i) for b in BEHAVIORS for i in (False, True)]
    + [split("ab", b, i, "String") for b in BEHAVIORS for i in (False, True)]
    + [{"type": "Punctuation", "behavior": b} for b in BEHAVIORS]
    + [{"type": "Digits", "individual_digits": each} for each in (True, False)]
    + [{"type": name} for name in ("Whitespace", "WhitespaceSplit", "BertPreTokenizer")]
    + [{"type": "CharDelimiterSplit", "delimiter": d} for d in (" ", "a", "語")]
    + [{"type": "FixedLength", "length": length} for length in (1, 2, 5)]
)
SPACERS = [metaspace(), metaspace("never"), metaspace("first"), metaspace("always", False), metaspace("always", True, "_"),
           BYTE_LEVEL | {"add_prefix_space": True}, BYTE_LEVEL | {"add_prefix_space": True, "use_regex": True}]
PRE_TOKENIZERS = [None] + CUTTERS + SPACERS + [BYTE_LEVEL, BYTE_LEVEL | {"use_regex": True}] + [
    steps("pretokenizers", *list) for list in (
        [{"type": "Whitespace"}, BYTE_LEVEL], [{"type": "WhitespaceSplit"}, metaspace()], [{"type": "Whitespace"}, BYTE_LEVEL | {"add_prefix_space": True}],
        [metaspace(), {"type": "Digits", "individual_digits": True}], [metaspace("first"), {"type": "Punctuation", "behavior": "Isolated"}, BYTE_LEVEL],
        [{"type": "Punctuation", "behavior": "MergedWithPrevious"}, {"type": "Digits", "individual_digits": False}, BYTE_LEVEL | {"add_prefix_space": True, "use_regex": True}],
        [BYTE_LEVEL | {"use_regex": True}, split("[0-9]", "Removed", False)], [split(GPT2, "Isolated", False), BYTE_LEVEL],
        [{"type": "WhitespaceSplit"}, metaspace("always", False), {"type": "Punctuation", "behavior": "Contiguous"}],
        [BYTE_LEVEL | {"add_prefix_space": True}, split("\u0120", "MergedWithNext", False, "String")])
]


def alphabet():
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = iter(range(0x100, 0x200))
    return [chr(byte) if byte in printable else chr(next(others)) for byte in range(256)]


ALPHABET = alphabet()


def tokenizer(normalizer, preTokenizer, tokens, added):
    vocabulary = {token: i for i, token in enumerate(ALPHABET + tokens)}
    flags = dict(special=False, single_word=False, lstrip=False, rstrip=False, normalized=True)
    return Tokenizer.from_str(json.dumps({
        "version": "1.0", "normalizer": normalizer, "pre_tokenizer": preTokenizer, "post_processor": None, "decoder": None,
        "added_tokens": [flags | token | {"id": len(vocabulary) + i} for i, token in enumerate(added)],
        "model": {"type": "BPE", "vocab": vocabulary, "merges": [], "ignore_merges": True},
    }))


def attempt(function, text):
    try:
        return function(text)
    except BaseException:
        return None


def entry(normalizer, preTokenizer, added, texts, shared):
    probe = tokenizer(normalizer, preTokenizer, [], [])
    known, tokens = set(ALPHABET) | {token["content"] for token in added}, []
    for text in texts:
        normal = (attempt(probe.normalizer.normalize_str, text) if normalizer else text) or ""
        pieces = attempt(probe.pre_tokenizer.pre_tokenize_str, normal) if preTokenizer else [(normal, None)]
        for piece in [piece for piece, _ in pieces or []] + list(normal):
            if piece and piece not in known:
                known.add(piece)
                tokens.append(piece)
    whole = tokenizer(normalizer, preTokenizer, tokens, added)
    result = {"normalizer": normalizer, "pre_tokenizer": preTokenizer, "added_tokens": added, "tokens": tokens}
    if not shared:
        result["texts"] = texts
    return result | {"ids": [attempt(lambda text: whole.encode(text, add_special_tokens=False).ids, text) for text in texts]}


def random_text(length=14):
    units = random.choices(UNITS, k=random.randint(2, 12))
    return "".join(random.choices(units, k=random.randint(0, length)))


def random_added():
    contents = random.sample(["ab", "The", "aÉ", "e\u0301", " a", "a ", "GOD", "ßA", "語", "q\u0301", "ﬁ", "<x>", "Σ", "23", "\u1100\u1161", "aİ"], k=random.randint(0, 3))
    flag = lambda: random.random() < 0.3
    return [{"content": c, "single_word": flag(), "lstrip": flag(), "rstrip": flag(), "normalized": random.random() < 0.6, "special": flag()}
            for c in contents]


def random_component(key, kinds, most):
    chosen = random.choices(kinds, k=random.randint(0, most))
    return None if not chosen else chosen[0] if len(chosen) == 1 else steps(key, *chosen)


def main():
    random.seed(seed)
    texts = ["", " ", "  a  b ", "\u0301", "a" + "\u0301\u0316" * 40, "\u1161" * 5, "".join(UNITS), *[u for u in UNITS if len(u) > 1][:30]]
    texts += [random_text() for _ in range(60)]
    print(json.dumps({"texts": texts}))
    for component in NORMALIZERS:
        normalizer = tokenizer(component, None, [], []).normalizer
        outputs = [attempt(normalizer.normalize_str, text) for text in texts]
        print(json.dumps({"normalizer": component, "outputs": [None if o == t else o for t, o in zip(texts, outputs)]}))
    some = random.sample(range(len(texts)), 30)
    print(json.dumps({"texts": [texts[i] for i in some]}))
    for component in PRE_TOKENIZERS:
        print(json.dumps(entry(None, component, [], [texts[i] for i in some], True)))
    for _ in range(count):
        normalizer = random_component("normalizers", NORMALIZERS, 3)
        preTokenizer = random_component("pretokenizers", random.choice([CUTTERS, CUTTERS + SPACERS]), 3)
        if random.random() < 0.5:
            preTokenizer = steps("pretokenizers", *([preTokenizer] if preTokenizer else []), BYTE_LEVEL)
        print(json.dumps(entry(normalizer, preTokenizer, random_added(), [random_text() for _ in range(textCount)], False)))


main()
