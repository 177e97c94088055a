#!/usr/bin/env python3
"""Writes Tests/Fixtures/tokenizers/split-patterns.jsonl: the pieces that Hugging Face tokenizers find, by pre-tokenizer and text.

usage: make-split-pattern-vectors.py > Tests/Fixtures/tokenizers/split-patterns.jsonl        (pip install tokenizers)

A line is {"name", "pre_tokenizer", "texts": [{"text", "lengths"}]}: the pre-tokenizers of published models and random patterns, with the
pieces' lengths in bytes; or {"category", "scalars"}: first and last of each range that \\p{category} matches.
"""
import json
import random
import sys

from tokenizers import Regex, Tokenizer, models, pre_tokenizers

CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
TAIL = r"|\s*[\r\n]+|\s+(?!\S)|\s+"


def split(pattern, behavior="Isolated", invert=False):
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": behavior, "invert": invert}


def sequence(*steps):
    return {"type": "Sequence", "pretokenizers": list(steps)}


def byte_level(*steps):
    return sequence(*steps, BYTE_LEVEL)


DIGITS = {"type": "Digits", "individual_digits": True}
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*" + TAIL
CL100K = r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
GPT4O = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{CONTRACTIONS}?|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{CONTRACTIONS}?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*" + TAIL
)
# Written as numbers: normalisation, which text editors do, would change some of these letters.
DEEPSEEK_LETTERS = r"\s?[" + "".join("-".join(chr(int(bound, 16)) for bound in item.split("-")) for item in """
41-5A 61-7A B5 C0-D6 D8-F6 F8-1BA 1BC-1BF 1C4-293 295-2AF 370-373 376 377 37B-37D 37F 386 388-38A 38C 38E-3A1 3A3-3F5 3F7-481
48A-52F 531-556 10A0-10C5 13A0-13F5 13F8-13FD 1C90-1CBA 1CBD-1CBF 1D00-1D2B 1D6B-1D77 1D79-1D9A 1E00-1F15 1F18-1F1D 1F20-1F45 1F48-1F4D
1F50-1F57 1F59 1F5B 1F5D 1F5F-1F7D 1F80-1FB4 1FB6-1FBC 1FBE 1FC2-1FC4 1FC6-1FCC 1FD0-1FD3 1FD6-1FDB 1FE0-1FEC 1FF2-1FF4 1FF6-1FFC
2102 2107 210A-2113 2115 2119-211D 2124 2126 2128 212A-212D 212F-2134 2139 213C-213F 2145-2149 214E 2183 2184 2C00-2C7B 2C7E-2CE4
2CEB-2CEE 2CF2 2CF3 A640-A66D A680-A69B A722-A76F A771-A787 A78B-A78E AB70-ABBF FB00-FB06 FB13-FB17 FF21-FF3A FF41-FF5A 10400-1044F
104B0-104D3 104D8-104FB 10C80-10CB2 10CC0-10CF2 118A0-118DF 1E900-1E943
""".split()) + "]+"
DEEPSEEK_V3 = (
    r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*""" + TAIL
)
PUBLISHED = {
    "GPT-2": byte_level(split(GPT2)),
    "GPT-2 in a group": byte_level(split(f"(?:{GPT2})")),
    "LLaMA 3": byte_level(split(LLAMA3)),
    "LLaMA 3 in a group": byte_level(split(f"(?:{LLAMA3})")),
    "Qwen2": byte_level(split(LLAMA3.replace("{1,3}", ""))),
    "GPT-4": byte_level(split(CL100K, "Removed", True)),
    "GPT-4o": byte_level(split(GPT4O)),
    "DeepSeek LLM": byte_level(
        split(r"[\r\n]"), split(DEEPSEEK_LETTERS), split(r"\s?[!-/:-~！-／：-～‘-‟　-。]+"), split(r"\s+$"),
        split(r"[一-龥ࠀ-一가-퟿]+"), DIGITS),
    "DeepSeek Coder": byte_level(
        split(r"[\r\n]"), split(r"\s?\p{L}+"), split(r"\s?\p{P}+"), split(r"[一-龥ࠀ-一가-퟿]+"), DIGITS),
    "DeepSeek V3": byte_level(split(r"\p{N}{1,3}"), split(r"[一-龥぀-ゟ゠-ヿ]+"), split(DEEPSEEK_V3)),
    "Falcon": sequence(
        {"type": "Punctuation", "behavior": "Contiguous"}, BYTE_LEVEL | {"use_regex": True},
        {"type": "Digits", "individual_digits": False}, split("[0-9][0-9][0-9]")),
    "StarCoder": sequence(DIGITS, BYTE_LEVEL | {"use_regex": True}),
    "StarCoder in a group": byte_level(DIGITS, split(f"(?:{GPT2})")),
    "BLOOM": byte_level(split(r" ?[^(\s|[.,!?…。，、।۔،])]+")),
    "Tekken": byte_level(split(
        rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*|\p{{N}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*" + TAIL)),
    "Punctuation": byte_level({"type": "Punctuation", "behavior": "Isolated"}),
    "A text": byte_level({"type": "Split", "pattern": {"String": "a b"}, "behavior": "Isolated", "invert": False}),
}
UNITS = [
    "a", "b", "the", "And", "GOD", "ſ", "S", "é", "e\u0301", "日本", "語", "한", "ß", "Ω", "x", "ǅ", "ʰ", "ª", "x", "1", "23", "4567", "٣",
    "½", "Ⅷ", "²", " ", " ", " ", "  ", "   ", "\t", "\n", "\n\n", "\r\n", "\r", "\u0085", "\u00a0", "\u3000", "\u2028", "\ufeff",
    "\u0000", "\u200d", "'", "'s", "'LL", "'re", "'ſ", "\u2019", ".", ",", "!?", "...", "-", "_", "/", "//", "<", ">", "$", "+", "^", "`",
    "€", "。", "「", "😀", "👩‍👩‍👧", "\u0301", "\u0903", "\u20dd", "a b", "かな", "カナ", "ー", "ﬀ", "K", "\U00011de1", "\u088f", "[", "]", "\\", "|", "()",
]
# Patterns of few letters on texts of few letters meet every rule often.
LETTERS = ["a", "b", "c", " ", "\n"]
ATOMS = ["a", "b", "c", " ", "\\n", "[ab]", "[^a]", "[^bc\\n]", "\\s", "\\S", ".", "[a-c&&[^b]]", "\\w", "(?i:A)", "[\\s[b]]"]
LOOKS = ["(?!a)", "(?=b)", "(?!\\S)", "(?=\\s|$)", "$", "\\z", "(?![ab])", "(?!$)"]
REPETITIONS = ["*", "+", "?", "*?", "+?", "??", "*+", "++", "?+", "{2}", "{1,2}", "{0,3}?", "{2,}", "{,2}", "{1,2}+", "{2}?"]


def random_pattern(depth):
    kind = random.random()
    if depth == 0 or kind < 0.3:
        atom = random.choice(ATOMS)
        return atom + random.choice(REPETITIONS) if random.random() < 0.4 else atom
    if kind < 0.65:
        return "".join(random_pattern(depth - 1) for _ in range(random.randint(2, 3)))
    if kind < 0.85:
        return "(?:" + "|".join(random_pattern(depth - 1) for _ in range(random.randint(2, 3))) + ")"
    if kind < 0.93:
        return random.choice(LOOKS)
    return "(?:" + random_pattern(depth - 1) + ")" + random.choice(REPETITIONS[:6] + REPETITIONS[9:])


def entry(name, component, texts):
    tokenizer = Tokenizer.from_str(json.dumps({"pre_tokenizer": component, "model": {"type": "BPE", "vocab": {}, "merges": []}}))
    # ByteLevel comes last or so: a character of a piece is a byte of the text.
    lengths = lambda text: [len(piece) for piece, _ in tokenizer.pre_tokenizer.pre_tokenize_str(text)]
    return {"name": name, "pre_tokenizer": component, "texts": [{"text": t, "lengths": lengths(t)} for t in texts]}


def ranges(category):
    scalars = [chr(i) for i in range(0x110000) if not 0xD800 <= i < 0xE000]
    matches = pre_tokenizers.Split(Regex(f"\\p{{{category}}}+"), "removed", invert=True).pre_tokenize_str("".join(scalars))
    result = []
    for text, _ in matches:
        for scalar in map(ord, text):
            if result and result[-1][1] == scalar - 1:
                result[-1][1] = scalar
            else:
                result.append([scalar, scalar])
    return result


def main():
    random.seed(3)
    for name, component in PUBLISHED.items():
        texts = []
        for _ in range(60):
            # A text of few different units has more of the repetitions that patterns are about.
            units = random.choices(UNITS, k=random.randint(2, 14))
            texts.append("".join(random.choices(units, k=random.randint(0, 25))))
        print(json.dumps(entry(name, component, texts)))
    count = 0
    while count < 300:
        # A character in each alternative: what can match nothing is refused.
        pattern = "|".join(random_pattern(3) + random.choice(ATOMS) + random_pattern(1) for _ in range(random.randint(1, 3)))
        try:
            Regex(pattern)
        except Exception:
            continue
        texts = ["".join(random.choices(LETTERS, k=random.randint(1, 14))) for _ in range(6)]
        print(json.dumps(entry(pattern, byte_level(split(pattern)), texts)))
        count += 1
    for category in sys.argv[1:] or ["Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "Nd", "Nl", "No", "P", "Pc", "Pd", "Ps", "Pe",
                                     "Pi", "Pf", "Po", "S", "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp", "Cc", "Cf", "Co"]:
        print(json.dumps({"category": category, "scalars": ranges(category)}))


main()
