"""Makes test/golden/smollm2.json: what Hugging Face's dequantised copy of SmolLM2-135M-Instruct.Q4_1.gguf
gives: ids of texts and chats (without and with a system message), some logits of each text's last token, greedy
tokens, and the loss of six windows of GSM8K. Only numbers, and texts written for it, are kept.

Run: python test/golden/make_smollm2.py FOLDER_OF_THE_GGUF GSM8K_JSONL   (torch, transformers, gguf, accelerate)
"""

import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
WINDOW, WINDOWS = 1024, 6
COLUMNS = [*range(0, 49152, 1001)]
TEXTS = [
    "The capital of France is", "Water boils at", "1, 2, 3, 4,", "def add(a, b):\n    return", "Once upon a time",
    "In 1969, the first man on the", "The sum of 17 and 25 is", "Die Hauptstadt von Deutschland ist",
    "To be, or not to be, that is the", "Q: What is 2 + 2?\nA:", "A triangle has three", "x = 12345678;  y =",
    "It's a well-known fact that they'd", "naïve café, 東京", "Dear Sir or Madam,\n\nI am writing to",
    "SELECT name FROM users WHERE", "Red, orange, yellow, green,", "The opposite of hot is",
    "She said: \"I can't believe", "Roses are red, violets are",
]
QUESTIONS = [
    "What do bees make?", "Name three colours.", "How do I boil an egg?", "What is a triangle?",
    "Who wrote Romeo and Juliet?", "What is the opposite of cold?",
    # The last ten: their answers are fluent, and every token of them leads by more than rounding.
    "What is the capital of France?", "Write one sentence about a cat.", "Describe the sea in one sentence.",
    "Say hello to my friend Anna.", "What is bread made of?", "What is water made of?", "Why is the sky blue?",
    "What is photosynthesis?", "Explain what a computer does.", "What is a library?",
]
SYSTEM = "Please reason step by step, and put your final answer within \\boxed{}."
NEW_TOKENS = 64


def main() -> None:
    folder, data = sys.argv[1:]
    torch.set_num_threads(2)
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=NAME)
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=NAME, dtype=torch.float32).eval()
    texts, chats, losses = [], [], []
    with torch.no_grad():
        for text in TEXTS:
            ids = tokenizer(text, add_special_tokens=False)["input_ids"]
            logits = model(torch.tensor([ids])).logits[0, -1]
            top = logits.topk(16)
            columns = [*top.indices.tolist(), *COLUMNS]
            values = [round(float(logits[c]), 5) for c in columns]
            texts.append({"text": text, "ids": ids, "columns": columns, "logits": values})
        for question in QUESTIONS:
            ids = tokenizer.apply_chat_template(
                [{"role": "user", "content": question}], add_generation_prompt=True, return_dict=False)
            prompt = tokenizer.apply_chat_template(
                [{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}],
                add_generation_prompt=True, return_dict=False)
            new = model.generate(torch.tensor([ids]), do_sample=False, max_new_tokens=NEW_TOKENS,
                                 eos_token_id=[0, 2], pad_token_id=2, repetition_penalty=1.0)
            chats.append({"question": question, "ids": ids, "prompt": prompt,
                          "greedy": new[0, len(ids):].tolist()})
        rows = [json.loads(line) for line in Path(data).read_text().splitlines()]
        text = "\n\n".join(f"{row['question']}\n{row['answer']}" for row in rows)
        ids = tokenizer(text, add_special_tokens=False)["input_ids"][:WINDOW * WINDOWS]
        for start in range(0, len(ids), WINDOW):
            window = torch.tensor([ids[start:start + WINDOW]])
            logs = model(window).logits[0, :-1].double().log_softmax(-1)
            losses.append(round(-float(logs.gather(1, window[0, 1:, None]).sum()), 6))
    golden = {"model": NAME, "texts": texts, "chats": chats,
              "perplexity": {"window": WINDOW, "losses": losses}}
    path = Path(__file__).parent / "smollm2.json"
    path.write_text(json.dumps(golden, ensure_ascii=False, separators=(",", ":")).replace('{"', '\n{"') + "\n")


main()
