"""The tokenizer: GPT-2's byte alphabet plus whole words, numbers and the step delimiter.

A pre-token that is in the vocabulary is one token (`ignore_merges`, no merges at all); any other
text falls apart into bytes, so every string round-trips and nothing is ever unknown. This file
writes the Hugging Face files and holds the same encoding as a plain dictionary for training.
"""

import json
import re
from pathlib import Path

from problem import ITEMS, NAMES

BOS, EOS, PAD, USER, ASSISTANT = "<|bos|>", "<|eos|>", "<|pad|>", "<|user|>", "<|assistant|>"
SPECIALS = (BOS, EOS, PAD, USER, ASSISTANT)
MARKER = "\n\n"
WORDS = "has more fewer than times as many half does have answer is How The".split()
SIGNS = "+ - * / =".split()
PATTERN = r"\n\n| ?\\boxed\{| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+"
_PYTHON_PATTERN = re.compile(r"\n\n| ?\\boxed\{| ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+")

CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'user' %}{{ '<|user|>' + message['content'] }}"
    "{% elif message['role'] == 'assistant' %}"
    "{{ '<|assistant|>' + message['content'] + eos_token }}"
    "{% else %}{{ raise_exception('This model knows the roles user and assistant only') }}"
    "{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def _byte_alphabet() -> list[str]:
    """GPT-2's printable stand-in for each of the 256 byte values."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    alphabet, spare = [], 256
    for value in range(256):
        if value in plain:
            alphabet.append(chr(value))
        else:
            alphabet.append(chr(spare))
            spare += 1
    return alphabet


_ALPHABET = _byte_alphabet()


def _written(text: str) -> str:
    """`text` as the vocabulary spells it: one stand-in character a byte."""
    return "".join(_ALPHABET[value] for value in text.encode())


def _entries() -> list[str]:
    words = [*NAMES, *ITEMS, *WORDS, *(str(n) for n in range(1, 100)), *SIGNS]
    both = [form for word in words for form in (word, " " + word)]
    texts = [MARKER, " \\boxed{", "}.", *both]
    single = set(_ALPHABET)
    return [t for t in dict.fromkeys(map(_written, texts)) if t not in single]


VOCABULARY = {token: i for i, token in enumerate([*SPECIALS, *_ALPHABET, *_entries()])}
_BY_TEXT = {}  # pre-token text: ids


def encode(text: str) -> list[int]:
    """Ids of plain text (no special tokens), equal to what tokenizer.json gives."""
    ids = []
    for piece in _PYTHON_PATTERN.findall(text):
        known = _BY_TEXT.get(piece)
        if known is None:
            written = _written(piece)
            whole = VOCABULARY.get(written)
            known = [whole] if whole is not None else [VOCABULARY[c] for c in written]
            _BY_TEXT[piece] = known
        ids += known
    return ids


_BYTE_OF = {stand_in: value for value, stand_in in enumerate(_ALPHABET)}
_BYTES = {
    i: b"" if token in SPECIALS else bytes(_BYTE_OF[c] for c in token)
    for token, i in VOCABULARY.items()
}


def decode(ids) -> str:
    """Text of ids; special tokens are silent."""
    return b"".join(_BYTES.get(int(i), b"") for i in ids).decode(errors="replace")


BOS_ID, EOS_ID, PAD_ID, USER_ID, ASSISTANT_ID = (VOCABULARY[s] for s in SPECIALS)
MARKER_ID = VOCABULARY[_written(MARKER)]
SIZE = -(-len(VOCABULARY) // 64) * 64  # rows of the embedding; the last few belong to no token


def encode_prompt(question: str) -> list[int]:
    """The chat template with the assistant's turn left open."""
    return [BOS_ID, USER_ID, *encode(question), ASSISTANT_ID]


def number_tokens() -> list[tuple[int, int]]:
    """(id, value) of every number token, with and without its space."""
    forms = [(form, n) for n in range(1, 100) for form in (str(n), f" {n}")]
    return [(encode(form)[0], n) for form, n in forms]


def twin_tokens() -> list[tuple[int, int]]:
    """(id with a leading space, id without) of the words that have both forms."""
    return [(encode(" " + w)[0], encode(w)[0]) for w in [*NAMES, *ITEMS, *WORDS]]


def save_tokenizer(folder: Path) -> None:
    """Writes tokenizer.json and tokenizer_config.json."""
    added = [
        {"id": VOCABULARY[s], "content": s, "single_word": False, "lstrip": False,
         "rstrip": False, "normalized": False, "special": True}
        for s in SPECIALS
    ]
    split = {
        "type": "Split", "pattern": {"Regex": PATTERN}, "behavior": "Isolated", "invert": False,
    }
    level = {
        "type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False,
    }
    tokenizer = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, level]},
        "post_processor": None,
        "decoder": level,
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
            "ignore_merges": True, "vocab": VOCABULARY, "merges": [],
        },
    }
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": BOS, "eos_token": EOS,
        "pad_token": PAD, "model_max_length": 512, "clean_up_tokenization_spaces": False,
        "chat_template": CHAT_TEMPLATE,
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in (("tokenizer.json", tokenizer), ("tokenizer_config.json", config)):
        text = json.dumps(value, ensure_ascii=False, indent=1)
        (folder / name).write_text(text + "\n", encoding="utf-8")
