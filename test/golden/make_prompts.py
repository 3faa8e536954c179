"""Makes test/golden/prompts.json: the token ids of whole prompts, as Hugging Face's apply_chat_template gives
them for the system prompts and message layouts of the paper's code (and for models of no family of its).

The tokenizers are the small ones in test/golden/tokenizers (the embedded models' own for `embedded`). The
templates are written here: they do to a system message, a question and the assistant's turn what the published
ones do. For the paper's families the ids are checked here to be what its code sends: an empty assistant message,
rendered, and the end of sequence taken off.

Run: python test/golden/make_prompts.py   (tokenizers, transformers, jinja2)
"""

import json
from pathlib import Path

from tokenizers import AddedToken, Tokenizer
from transformers import PreTrainedTokenizerFast

ROOT = Path(__file__).parent
DATE = "26 Jul 2024"
REASON = "Please reason step by step, and put your final answer within \\boxed{}."
STEPS = """Solve the following math problem efficiently and clearly:

- For simple problems (2 steps or fewer):
Provide a concise solution with minimal explanation.

- For complex problems (3 steps or more):
Use this step-by-step format:

## Step 1: [Concise description]
[Brief explanation and calculations]

## Step 2: [Concise description]
[Brief explanation and calculations]

...

Regardless of the approach, always conclude with:

Therefore, the final answer is: $\\boxed{answer}$. I hope it is correct.

Where [answer] is just the final number or expression that solves the problem."""
QUESTIONS = [
    "How many cards does Ray have?",
    "Let $f(x)=\\frac{x^2}{3}$ and $g(x)=\\sqrt{x}$.\nWhat is $f(g(9))$? Write $\\boxed{\\text{answer}}$.",
    "Zoë a 3 pommes à 2,50 €; cafe\u0301 naïve, 東京 привет 🙂👩‍👩‍👧. Combien\u00a0en tout?",
    "  \n\t Ann has  two   spaces.\r\n\n\nHow many?  \n ",
    "{{ bos_token }} {% if x %} {# no #} {% endif %} \\n %s ${y} <b>&amp;</b> 12345678901",
    "Given:\n\n1. a\n2. b\n\n\nFind $a+b$.\n\n",
]

HEADERS = (
    "{% macro turn(role, text) %}<|start_header_id|>{{ role }}<|end_header_id|>\n\n"
    "{{ text | trim }}<|eot_id|>{% endmacro %}"
)
LLAMA3 = HEADERS + (
    "{% for m in messages %}{% if loop.first %}{{ bos_token }}{% endif %}{{ turn(m.role, m.content) }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
LLAMA31 = HEADERS + (
    "{{- bos_token }}{% if messages[0].role == 'system' %}{% set said = messages[0].content | trim %}"
    "{% set turns = messages[1:] %}{% else %}{% set said = '' %}{% set turns = messages %}{% endif %}"
    "{% if date_string is not defined %}{% set date_string = strftime_now('%d %b %Y') %}{% endif %}"
    "{{ '<|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\nToday Date: ' }}"
    "{{ date_string }}{{ '\n\n' + said + '<|eot_id|>' }}"
    "{% for m in turns %}{{ turn(m.role, m.content) }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)


def chatml(default):
    return (
        "{% if messages[0].role != 'system' %}{{ '<|im_start|>system\n" + default.replace("\\", "\\\\")
        + "<|im_end|>\n' }}{% endif %}"
        "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
    )


def r1(opening):
    return (
        "{% set said = namespace(text='') %}"
        "{% for m in messages %}{% if m.role == 'system' %}{% set said.text = m.content %}{% endif %}{% endfor %}"
        "{{ bos_token + said.text }}{% for m in messages %}"
        "{% if m.role == 'user' %}{{ '<｜User｜>' + m.content }}{% endif %}"
        "{% if m.role == 'assistant' %}{% set text = m.content.split('</think>')[-1] %}"
        "{{ '<｜Assistant｜>' + text + eos_token }}{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<｜Assistant｜>" + opening + "' }}{% endif %}"
    )


MISTRAL_STRICT = (
    "{{ bos_token }}{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Roles must alternate, the user first') }}{% endif %}"
    "{% if m.role == 'user' %}{{ '[INST] ' + m.content + ' [/INST]' }}"
    "{% else %}{{ ' ' + m.content + eos_token }}{% endif %}{% endfor %}"
)
MISTRAL_SYSTEM = (
    "{{ bos_token }}{% if messages[0].role == 'system' %}{% set said = messages[0].content + '\n\n' %}"
    "{% set turns = messages[1:] %}{% else %}{% set said = '' %}{% set turns = messages %}{% endif %}"
    "{% for m in turns %}{% if m.role == 'user' %}{{ '[INST] ' + (said if loop.last else '') + m.content + '[/INST]' }}"
    "{% else %}{{ ' ' + m.content + eos_token }}{% endif %}{% endfor %}"
)
MISTRAL_SILENT = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}{{ '[INST] ' + m.content + ' [/INST]' }}"
    "{% elif m.role == 'assistant' %}{{ ' ' + m.content + eos_token }}{% endif %}{% endfor %}"
)
R1_TOKENS = [("<｜begin▁of▁sentence｜>", True), ("<｜end▁of▁sentence｜>", True), ("<｜User｜>", False),
             ("<｜Assistant｜>", False)]
R1_BOUNDS = ("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>")
LLAMA_BOUNDS = ("<|begin_of_text|>", "<|eot_id|>")
THINK = [("<think>", False), ("</think>", False)]

# name, architecture, tokenizer, further tokens, (bos, eos), template, family, system prompt, place
CASES = [
    ("llama-3", "LlamaForCausalLM", "llama3", [], LLAMA_BOUNDS, LLAMA3, "llama-3", STEPS, "system"),
    ("llama-3.2", "LlamaForCausalLM", "llama3", [], LLAMA_BOUNDS, LLAMA31, "llama-3", STEPS, "system"),
    ("qwen2.5", "Qwen2ForCausalLM", "qwen", [], (None, "<|im_end|>"),
     chatml("You are Qwen, created by Alibaba Cloud. You are a helpful assistant."), "qwen2.5", REASON, "system"),
    ("qwen2.5-math", "Qwen2ForCausalLM", "qwen", [], (None, "<|im_end|>"), chatml(REASON), "qwen2.5-math", REASON,
     "system"),
    ("r1-distill-qwen", "Qwen2ForCausalLM", "qwen", R1_TOKENS, R1_BOUNDS, r1("<think>\n"), "deepseek-r1-distill",
     REASON, "below question"),
    ("r1-distill-llama", "LlamaForCausalLM", "llama3", R1_TOKENS + THINK, R1_BOUNDS, r1(""), "deepseek-r1-distill",
     REASON, "below question"),
    ("smollm2", "LlamaForCausalLM", "qwen", [], ("<|im_start|>", "<|im_end|>"),
     chatml("You are a helpful AI assistant named SmolLM, trained by Hugging Face"), "generic", REASON, "system"),
    ("mistral-strict", "MistralForCausalLM", "sentencepiece-legacy", [], ("<s>", "</s>"), MISTRAL_STRICT, "generic",
     REASON, "above question"),
    ("mistral-system", "MistralForCausalLM", "sentencepiece-first", [], ("<s>", "</s>"), MISTRAL_SYSTEM, "generic",
     REASON, "system"),
    ("mistral-silent", "MistralForCausalLM", "sentencepiece-first", [], ("<s>", "</s>"), MISTRAL_SILENT, "generic",
     REASON, "above question"),
]


def messages_of(question, words, place):
    user = {
        None: question,
        "system": question,
        "above question": f"{words}\n\n{question}",
        "below question": f"{question}\n{words}",
    }[place]
    system = [{"role": "system", "content": words}] if place == "system" else []
    return [*system, {"role": "user", "content": user}]


def papers_ids(tokenizer, messages, family):
    """What the paper's code sends, as ids without the second BOS that its server would add."""
    text = tokenizer.apply_chat_template(
        [*messages, {"role": "assistant", "content": ""}], tokenize=False, add_generation_prompt=False,
        date_string=DATE)
    for end in (tokenizer.eos_token + "\n", tokenizer.eos_token):
        if text.endswith(end):
            text = text[:-len(end)]
            break
    if family == "llama-3" and not text.endswith("\n\n"):
        text += "\n\n"
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def prompts_of(tokenizer, family, words, place):
    prompts = []
    for question in QUESTIONS:
        messages = messages_of(question, words, place)
        ids = tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, tokenize=True, return_dict=False, date_string=DATE)
        if family not in ("generic", "embedded"):
            sent = papers_ids(tokenizer, messages, family)
            opening = tokenizer("<think>\n", add_special_tokens=False)["input_ids"]
            assert ids in (sent, sent + opening), (family, question)
        prompts.append({"question": question, "ids": ids})
    return prompts


def main():
    cases = []
    for name, architecture, kind, more, (bos, eos), template, family, words, place in CASES:
        core = Tokenizer.from_file(str(ROOT / "tokenizers" / kind / "tokenizer.json"))
        known = len(json.loads(core.to_str())["added_tokens"])
        for text, special in more:
            token = [AddedToken(text, special=special, normalized=False)]
            (core.add_special_tokens if special else core.add_tokens)(token)
        added = json.loads(core.to_str())["added_tokens"][known:]
        tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, bos_token=bos, eos_token=eos,
                                            chat_template=template, clean_up_tokenization_spaces=False)
        cases.append({
            "name": name, "architecture": architecture, "tokenizer": kind, "added": added, "bos": bos, "eos": eos,
            "template": template, "family": family, "place": place,
            "prompts": prompts_of(tokenizer, family, words, place)})
    package = ROOT.parent.parent / "models" / "policy-2m"
    config = json.loads((package / "tokenizer_config.json").read_text())
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(package / "tokenizer.json"), bos_token=config["bos_token"],
                                        eos_token=config["eos_token"], chat_template=config["chat_template"])
    cases.append({
        "name": "embedded", "architecture": "LlamaForCausalLM", "tokenizer": "embedded", "added": [],
        "bos": config["bos_token"], "eos": config["eos_token"], "template": config["chat_template"],
        "family": "embedded", "place": None, "prompts": prompts_of(tokenizer, "embedded", None, None)})
    text = json.dumps(cases, ensure_ascii=False, separators=(",", ":"))
    for key in ("name", "question"):  # a case and a prompt each on a line of its own
        text = text.replace('{"%s"' % key, '\n{"%s"' % key)
    (ROOT / "prompts.json").write_text(text + "\n")


main()
