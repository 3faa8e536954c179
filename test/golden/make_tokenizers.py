"""Makes test/golden/tokenizers: four small tokenizers of the kinds that real models have, and what
Hugging Face's own implementations give for a set of texts and chats.

Run: python test/golden/make_tokenizers.py   (tokenizers, transformers, jinja2)
"""

import json
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers
from tokenizers import pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

FOLDER = Path(__file__).parent / "tokenizers"
LLAMA3_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN_PATTERN = LLAMA3_PATTERN.replace(r"\p{N}{1,3}", r"\p{N}")
CORPUS = [
    "How many cards does Ray have? Ned has 14 cards. Ben has 5 times as many cards as Ned.",
    "Step 1: add the two numbers.\n\nStep 2: the answer is \\boxed{42}.\n\n",
    "It's what they'd call a well-known problem; we've solved it, I'm sure.",
    "let x = (a + b) * 2 / 3 - 7; // häufig, naïve, 東京, привет",
] * 4
TEXTS = [
    "", " ", "a", "Ned has 14 cards.", "  two  spaces ", "Step 1:\n\nStep 2:\n\n\n", "\n\n", "\\boxed{68}.",
    "It's I'M we'LL", "häufig naïve cafe\u0301", "東京 привет", "🙂👩‍👩‍👧", "tab\tand\r\nreturn", "12345678901",
    "<|im_end|> is data", "</s><s>[INST]", "x<|eot_id|>y", "<think>no</think>", "\u00a0nbsp", "a" * 50,
]
CHATS = [
    [{"role": "user", "content": "How many cards does Ray have?"}],
    [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "  1 + 1? \n"}],
    [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b\n\nc"},
     {"role": "user", "content": "d"}],
]
LLAMA3_CHAT = (
    "{{- bos_token }}{%- if not date_string is defined %}{%- set date_string = strftime_now('%d %b %Y') %}"
    "{%- endif %}{%- if messages[0]['role'] == 'system' %}{%- set system = messages[0]['content']|trim %}"
    "{%- set messages = messages[1:] %}{%- else %}{%- set system = '' %}{%- endif %}"
    "{{- '<|start_header_id|>system<|end_header_id|>\\n\\n' }}{{- 'Today Date: ' + date_string + '\\n\\n' }}"
    "{{- system }}{{- '<|eot_id|>' }}{%- for message in messages %}"
    "{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim"
    " + '<|eot_id|>' }}{%- endfor %}{%- if add_generation_prompt %}"
    "{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif %}"
)
CHATML = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
INST = (
    "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'assistant' %}"
    "{{ ' ' + message['content'] + eos_token }}{% else %}"
    "{{ '[INST] ' + message['content'] + ' [/INST]' }}{% endif %}{% endfor %}"
)


def special(*texts):
    return [AddedToken(text, special=True, normalized=False) for text in texts]


def byte_level(pattern, normalizer, specials, ignore_merges):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=420, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.add_special_tokens(special(*specials))
    return tokenizer


def sentencepiece(legacy):
    """Llama 2's kind: `legacy` prepends a space to every section, else to the first alone."""
    specials = special("<unk>", "<s>", "</s>")
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    space = [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    metaspace = pre_tokenizers.Metaspace("▁", prepend_scheme="first", split=False)
    if legacy:
        tokenizer.normalizer = normalizers.Sequence(space)
    else:
        tokenizer.pre_tokenizer = metaspace
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    alphabet = sorted({c for text in CORPUS for c in text if c.isascii()} - {" ", "\n"} | {"▁"})
    trainer = trainers.BpeTrainer(
        vocab_size=420, show_progress=False, limit_alphabet=len(alphabet), initial_alphabet=alphabet,
        special_tokens=[*specials, *(f"<0x{byte:02X}>" for byte in range(256))])
    ascii_only = ["".join(c for c in text if c.isascii() and c != "\n") for text in CORPUS]
    tokenizer.train_from_iterator(ascii_only, trainer)
    state = json.loads(tokenizer.to_str())  # byte tokens are no special tokens
    state["added_tokens"] = [t for t in state["added_tokens"] if not t["content"].startswith("<0x")]
    tokenizer = Tokenizer.from_str(json.dumps(state))
    begin = ("<s>", tokenizer.token_to_id("<s>"))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[begin])
    return tokenizer


def llama3():
    tokenizer = byte_level(LLAMA3_PATTERN, None, [
        "<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>",
    ], ignore_merges=True)
    begin = ("<|begin_of_text|>", tokenizer.token_to_id("<|begin_of_text|>"))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A $B", special_tokens=[begin])
    return tokenizer


def qwen():
    tokenizer = byte_level(QWEN_PATTERN, normalizers.NFC(), ["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
                           ignore_merges=False)
    tokenizer.add_tokens([AddedToken("<think>", special=False, normalized=False),
                          AddedToken("</think>", special=False, normalized=False)])
    return tokenizer


def save(name, tokenizer, template, bos, eos):
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    config = {"bos_token": bos, "eos_token": eos, "chat_template": template, "add_prefix_space": None,
              "clean_up_tokenization_spaces": False, "tokenizer_class": "PreTrainedTokenizerFast"}
    state = json.loads(tokenizer.to_str())
    (folder / "tokenizer.json").write_text(json.dumps(state, ensure_ascii=False, indent=1) + "\n")
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1) + "\n")
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=bos, eos_token=eos,
                                   chat_template=template, clean_up_tokenization_spaces=False)
    chats = []
    for messages in CHATS:
        if "[INST]" in template and messages[0]["role"] == "system":
            continue
        ids = fast.apply_chat_template(messages, add_generation_prompt=True, tokenize=True,
                                       return_dict=False, date_string="26 Jul 2024")
        chats.append({"messages": messages, "ids": ids})
    texts = [{"text": text,
              "ids": tokenizer.encode(text, add_special_tokens=False).ids,
              "idsWithSpecial": tokenizer.encode(text, add_special_tokens=True).ids}
             for text in TEXTS]
    golden = {"texts": texts, "chats": chats}
    (folder / "golden.json").write_text(json.dumps(golden, indent=1) + "\n")


save("llama3", llama3(), LLAMA3_CHAT, "<|begin_of_text|>", "<|eot_id|>")
save("qwen", qwen(), CHATML, None, "<|im_end|>")
save("sentencepiece-legacy", sentencepiece(True), INST, "<s>", "</s>")
save("sentencepiece-first", sentencepiece(False), INST, "<s>", "</s>")
