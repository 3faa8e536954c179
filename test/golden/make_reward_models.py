"""Makes test/golden/reward-models: a tiny random checkpoint of each published kind of process reward
model, with the token ids of full inputs and the step scores that its authors' code would give.

Run: python test/golden/make_reward_models.py, after make_tokenizers.py   (torch, transformers, safetensors)
Heads as the published modelling code defines them; weights are rounded to bf16 before anything is
computed. Inputs as published, with Hugging Face's tokenizers:
- math-shepherd: the model card of peiyi9979/math-shepherd-mistral-7b-prm
- rlhflow: math-rm/prm_evaluate.py of RLHFlow/RLHF-Reward-Modeling, a pass for each step
- skywork: prepare_input of SkyworkAI/skywork-o1-prm-inference, its step token a newline
- qwen-prm: the model card of Qwen/Qwen2.5-Math-PRM-7B
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer
from torch import nn
from transformers import (LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM,
                          PreTrainedTokenizerFast, Qwen2Config, Qwen2Model)

GOLDEN = Path(__file__).parent
FOLDER = GOLDEN / "reward-models"
SHAPE = dict(hidden_size=48, num_hidden_layers=2, intermediate_size=48, num_attention_heads=3,
             num_key_value_heads=1, vocab_size=448, max_position_embeddings=768, rms_norm_eps=1e-5,
             attn_implementation="eager")
LLAMA3 = dict(rope_type="llama3", rope_theta=10000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=64)
PLAIN = dict(rope_type="default", rope_theta=1e6)
SYSTEM = "Please reason step by step, and put your final answer within \\boxed{}."
SOLUTIONS = [
    ("How many cards does Ray have?", ["Ned has 14 cards.\n\n", "Ben has 5 * 14 = 70 cards.\n\n",
                                       "The answer is \\boxed{70}."]),
    ("Solve $\\frac{x}{2} + 1 = 4$ for $x$.", [
        "## Step 1: Subtract 1\n$\\frac{x}{2} = 3$\n\n", "## Step 2: Multiply by 2\n\\[x = 6\\]\n\n",
        "Therefore, the final answer is: $\\boxed{6}$. I hope it is correct."]),
    ("Сколько? 東京 🙂 caf\u00e9 \n", ["x = 1 - 2 + 3\n\n", "привет, 東京\nnaïve 🙂👩‍👩‍👧\n\n", "+\n\n", "-"]),
    ("Ned has 14 cards.\n\n", ["Ben has 5 times as many cards as Ned: 70.\n\n", "So, 14 + 70 = \\boxed{84}."]),
    ("a  b ", ["\n  two  spaces \n\n", "tab\tand\r\nreturn\n\n", ".\n\n", "0"]),
]


def special(text):
    return AddedToken(text, special=True, normalized=False)


def tokenizer_of(name, change, **config):
    """A tokenizer of test/golden/tokenizers, changed; its JSON, its config and Hugging Face's object."""
    source = GOLDEN / "tokenizers" / name
    settings = json.loads((source / "tokenizer_config.json").read_text()) | config
    tokenizer = Tokenizer.from_str(json.dumps(change(json.loads((source / "tokenizer.json").read_text()))))
    if name == "qwen":
        tokenizer.add_special_tokens([special("<extra_0>")])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=settings["bos_token"], eos_token=settings["eos_token"],
        chat_template=settings["chat_template"], clean_up_tokenization_spaces=False)
    return json.loads(tokenizer.to_str()), settings, fast


def with_shepherds_tokens(state):
    """Pieces as SentencePiece trains them (no space inside), runs of spaces, and those of the tags."""
    model = state["model"]
    inside = lambda piece: "▁" in piece.lstrip("▁")
    keep = [piece for piece in sorted(model["vocab"], key=model["vocab"].get) if not inside(piece)]
    merges = [pair for pair in model["merges"] if not inside("".join(pair))]
    merges.insert(0, ["▁", "▁"])
    keep.append("▁▁")
    for pair in (["к", "и"], ["▁", "ки"], ["▁", "+"], ["▁", "-"]):
        merges += [pair] if pair not in merges else []
        keep += [piece for piece in (*pair, "".join(pair)) if piece not in keep]
    ids = {piece: i for i, piece in enumerate(keep)}
    model |= {"vocab": ids, "merges": merges}
    for token in state["added_tokens"]:
        token["id"] = ids[token["content"]]
    for token in state["post_processor"]["special_tokens"].values():
        token["ids"] = [ids[text] for text in token["tokens"]]
    return state


def randomise(model):
    for name, weight in model.named_parameters():
        if name.endswith("bias"):
            weight.normal_()
        elif weight.dim() == 1:
            weight.uniform_(0.5, 1.5)
        else:
            weight.normal_(std=weight.shape[1] ** -0.5)
        weight.copy_(weight.bfloat16().float())


class ValueHeadModel(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.model = Qwen2Model(config)
        self.v_head = nn.ModuleDict({"dropout": nn.Dropout(0.1), "summary": nn.Linear(config.hidden_size, 1)})

    def forward(self, ids):
        return self.v_head["summary"](self.v_head["dropout"](self.model(ids).last_hidden_state))


class ProcessModel(nn.Module):
    def __init__(self, config):
        super().__init__()
        size = config.hidden_size
        self.model = Qwen2Model(config)
        self.score = nn.Sequential(nn.Linear(size, size), nn.ReLU(), nn.Linear(size, 2))

    def forward(self, ids):
        return self.score(self.model(ids).last_hidden_state)


def run(model, ids):
    output = model(torch.tensor([ids]))
    return getattr(output, "logits", output)[0]  # [T, width]


def math_shepherd(model, tokenizer, question, steps):
    marker = tokenizer.encode("ки")[-1]
    labels = tokenizer.encode("+ -")[1:]
    ids = tokenizer.encode(f"{question} " + "\n".join(f"{step} ки" for step in steps))
    markers = [i for i, token in enumerate(ids) if token == marker]
    rows = run(model, ids)[markers][:, labels]
    return ids, markers, rows.softmax(-1)[:, 0]


def rlhflow(model, tokenizer, question, steps):
    labels = [tokenizer.encode("+")[-1], tokenizer.encode("-")[-1]]
    conversation, markers, scores = [], [], []
    for k, step in enumerate(steps):
        conversation.append({"role": "user", "content": step if k else f"{question} {step}"})
        conversation.append({"role": "assistant", "content": "+"})
        ids = tokenizer.apply_chat_template(conversation, return_dict=False, date_string="26 Jul 2024")
        markers.append(len(ids) - 3)
        scores.append(run(model, ids)[-3, labels].softmax(-1)[0])
    return ids[:-2], markers, torch.stack(scores)


def skywork(model, tokenizer, question, steps):
    newline = tokenizer.encode("\n")[-1]
    ids = tokenizer.encode(tokenizer.bos_token + question + "\n")
    ends, markers = [], []
    for step in steps:
        for line in step.split("\n"):
            ids += (tokenizer.encode(line) if line else []) + [newline]
            ends.append(len(ids) - 1)
        markers.append(ends[-1])
    return ids, markers, run(model, ids)[markers, 0].sigmoid()


def qwen_prm(model, tokenizer, question, steps):
    text = tokenizer.apply_chat_template([
        {"role": "system", "content": SYSTEM}, {"role": "user", "content": question},
        {"role": "assistant", "content": "<extra_0>".join(steps) + "<extra_0>"}], tokenize=False)
    ids = tokenizer.encode(text)
    marker = tokenizer.encode("<extra_0>")[0]
    markers = [i for i, token in enumerate(ids) if token == marker]
    scores = run(model, ids)[markers].softmax(-1)[:, 1]
    return ids[:markers[-1] + 1], markers, scores


def main():
    torch.manual_seed(17)
    same = lambda state: state
    mistral = MistralConfig(sliding_window=None, rope_parameters=PLAIN, bos_token_id=1, eos_token_id=2, **SHAPE)
    llama = LlamaConfig(rope_parameters=LLAMA3, tie_word_embeddings=True, **SHAPE)
    qwen = dict(rope_parameters=PLAIN, tie_word_embeddings=True, **SHAPE)
    cases = {
        "math-shepherd": (math_shepherd, "MistralForCausalLM", mistral, MistralForCausalLM,
                          tokenizer_of("sentencepiece-legacy", with_shepherds_tokens)),
        "rlhflow": (rlhflow, "LlamaForCausalLM", llama, LlamaForCausalLM, tokenizer_of("llama3", same)),
        "skywork": (skywork, "Qwen2ForPrmModel", Qwen2Config(**qwen), ValueHeadModel,
                    tokenizer_of("qwen", same, bos_token="<|endoftext|>")),
        "qwen-prm": (qwen_prm, "Qwen2ForProcessRewardModel", Qwen2Config(**qwen), ProcessModel,
                     tokenizer_of("qwen", same)),
    }
    for name, (score, architecture, config, kind, (state, settings, tokenizer)) in cases.items():
        folder = FOLDER / name
        folder.mkdir(parents=True, exist_ok=True)
        model = kind(config).eval()
        golden = []
        with torch.no_grad():
            randomise(model)
            if name == "qwen-prm":  # sharp attention, a quiet marker: scores tell what came before it
                for layer in model.model.layers:
                    layer.self_attn.q_proj.weight *= 4
                model.model.embed_tokens.weight[tokenizer.encode("<extra_0>")[0]] /= 8
                model.score[2].weight *= 2
                model.score[2].bias.copy_(torch.tensor([-1.0, 0.5]))
            for question, steps in SOLUTIONS:
                ids, markers, scores = score(model, tokenizer, question, [step.strip() for step in steps])
                assert len(markers) == len(steps), (name, question)
                golden.append({"question": question, "steps": steps, "ids": ids, "markers": markers,
                               "scores": scores.tolist()})
        config.architectures = [architecture]
        config.save_pretrained(folder)
        tensors = {k: v.bfloat16().contiguous() for k, v in model.state_dict().items()}
        if name == "rlhflow":
            del tensors["lm_head.weight"]  # tied
        save_file(tensors, folder / "model.safetensors", {"format": "pt"})
        for file, value in (("tokenizer.json", state), ("tokenizer_config.json", settings)):
            (folder / file).write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n")
        (folder / "golden.json").write_text(json.dumps(golden, ensure_ascii=False) + "\n")


main()
