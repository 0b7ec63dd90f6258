#!/usr/bin/env python3
"""Makes the tiny models of tests/data: random weights, but everything that a real directory has.

    tools/make_tiny_model.py [OUT]      OUT/tiny-llama, OUT/tiny-mistral, OUT/tiny-qwen2 (tests/data)

Each has config.json, model.safetensors (f32, about 100 KB), tokenizer.json (byte-level BPE, 300 tokens)
and tokenizer_config.json with a ChatML template. The weights come from a seed and are rounded to
multiples of 1/4096, so that every machine makes the same files. Needs nothing but Python.

    tiny-llama    tied head, 4 heads on 2, SmolLM2's pre-split
    tiny-mistral  own head, sliding window of 32, GPT-2's pre-split
    tiny-qwen2    tied head, biases of q, k, v, Qwen2's pre-split and NFC
"""
import json
import math
import random
import re
import struct
import sys
from pathlib import Path

N_VOCAB, D_MODEL, D_FF, N_HEAD, N_KV, D_HEAD, N_LAYER = 300, 32, 48, 4, 2, 8, 2
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]

# What the merges are learned from: the words that prompts and answers are full of.
TEXT = """Agent: Hello, thank you for calling, how can I help you today?
Customer: Hi, I have a question about the bill, the charge is wrong and I am not happy about it.
Agent: I am sorry to hear that. Let me look at the account and the order for you.
Customer: Thank you. The refund was not there, and I called about the order two times.
{"score": 80, "reason": "The agent was polite", "issue": "billing", "risk": "low", "resolved": true}
"""

CHATML = ("{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + "
          "'<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}"
          "{{ '<|im_start|>assistant\\n' }}{% endif %}")

QWEN2 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
         r"|\s*[\r\n]+|\s+(?!\S)|\s+")


def byte_names():
    """The printable character that stands for each byte, as in GPT-2."""
    own = [*range(33, 127), *range(161, 173), *range(174, 256)]
    names, extra = {}, 256
    for b in range(256):
        names[b] = chr(b) if b in own else chr(extra)
        extra += b not in own
    return [names[b] for b in range(256)]


def learn_merges(n):
    """The n most frequent pairs, one after the other; ties go to the pair that sorts first."""
    names = byte_names()
    pieces = re.findall(r" ?[A-Za-z]+| ?[0-9]| ?[^\sA-Za-z0-9]+|\s", TEXT)
    words = [[names[b] for b in w.encode()] for w in pieces]
    merges = []
    for _ in range(n):
        count = {}
        for w in words:
            for pair in zip(w, w[1:]):
                count[pair] = count.get(pair, 0) + 1
        best = min(count, key=lambda p: (-count[p], p))
        merges.append(best)
        for w in words:
            i = 0
            while i + 1 < len(w):
                if (w[i], w[i + 1]) == best:
                    w[i:i + 2] = [w[i] + w[i + 1]]
                i += 1
    return merges


def tokenizer(pre, normalizer=None):
    merges = learn_merges(N_VOCAB - len(SPECIAL) - 256)
    tokens = SPECIAL + byte_names() + ["".join(m) for m in merges]
    assert len(set(tokens)) == N_VOCAB
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [{"id": i, "content": s, "single_word": False, "lstrip": False, "rstrip": False,
                          "normalized": False, "special": True} for i, s in enumerate(SPECIAL)],
        "normalizer": normalizer, "pre_tokenizer": pre(level), "post_processor": None, "decoder": level,
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                  "vocab": {t: i for i, t in enumerate(tokens)},
                  "merges": [" ".join(m) for m in merges]},
    }


def pre_gpt2(level):
    return level


def pre_smollm2(level):
    return {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": True}, level]}


def pre_qwen2(level):
    split = {"type": "Split", "pattern": {"Regex": QWEN2}, "behavior": "Isolated", "invert": False}
    return {"type": "Sequence", "pretokenizers": [split, {**level, "use_regex": False}]}


def weights(seed, tied, bias):
    """Names, shapes and numbers; scaled so that attention and logits are neither flat nor one-hot."""
    rng = random.Random(seed)
    out = {}

    def draw(name, shape, scale, middle=0.0):
        n = math.prod(shape)
        out[name] = (shape, [round((middle + scale * rng.gauss(0.0, 1.0)) * 4096) / 4096 for _ in range(n)])

    draw("model.embed_tokens.weight", [N_VOCAB, D_MODEL], 0.35)
    for i in range(N_LAYER):
        p = f"model.layers.{i}."
        for name, n_out, n_in, scale in (
                ("self_attn.q_proj", N_HEAD * D_HEAD, D_MODEL, 1.6), ("self_attn.k_proj", N_KV * D_HEAD, D_MODEL, 1.6),
                ("self_attn.v_proj", N_KV * D_HEAD, D_MODEL, 1.0), ("self_attn.o_proj", D_MODEL, N_HEAD * D_HEAD, 1.0),
                ("mlp.gate_proj", D_FF, D_MODEL, 1.0), ("mlp.up_proj", D_FF, D_MODEL, 1.0),
                ("mlp.down_proj", D_MODEL, D_FF, 1.0)):
            draw(p + name + ".weight", [n_out, n_in], scale / math.sqrt(n_in))
            if bias and name[-6:] in ("q_proj", "k_proj", "v_proj"):
                draw(p + name + ".bias", [n_out], 0.3)
        draw(p + "input_layernorm.weight", [D_MODEL], 0.2, 1.0)
        draw(p + "post_attention_layernorm.weight", [D_MODEL], 0.2, 1.0)
    draw("model.norm.weight", [D_MODEL], 0.2, 1.0)
    if not tied:
        draw("lm_head.weight", [N_VOCAB, D_MODEL], 0.35)
    return out


def write_safetensors(path, tensors):
    header, blobs, at = {"__metadata__": {"format": "pt"}}, [], 0
    for name in sorted(tensors):
        shape, numbers = tensors[name]
        blob = struct.pack(f"<{len(numbers)}f", *numbers)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def write_json(path, value):
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def make(out, name, seed, config, pre, normalizer=None, bias=False):
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    full = {
        "vocab_size": N_VOCAB, "hidden_size": D_MODEL, "intermediate_size": D_FF, "num_hidden_layers": N_LAYER,
        "num_attention_heads": N_HEAD, "num_key_value_heads": N_KV, "max_position_embeddings": 2048,
        "rms_norm_eps": 1e-05, "rope_theta": 10000.0, "hidden_act": "silu", "bos_token_id": 1, "eos_token_id": 2,
        "torch_dtype": "float32", **config,
    }
    write_json(folder / "config.json", full)
    write_json(folder / "tokenizer.json", tokenizer(pre, normalizer))
    write_json(folder / "tokenizer_config.json", {
        "add_bos_token": False, "bos_token": "<|im_start|>", "eos_token": "<|im_end|>", "pad_token": "<|im_end|>",
        "unk_token": "<|endoftext|>", "chat_template": CHATML, "clean_up_tokenization_spaces": False})
    write_safetensors(folder / "model.safetensors", weights(seed, full["tie_word_embeddings"], bias))


def main():
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "tests/data")
    make(out, "tiny-llama", 11, {"architectures": ["LlamaForCausalLM"], "model_type": "llama",
                                 "tie_word_embeddings": True, "attention_bias": False, "mlp_bias": False}, pre_smollm2)
    make(out, "tiny-mistral", 12, {"architectures": ["MistralForCausalLM"], "model_type": "mistral",
                                   "tie_word_embeddings": False, "sliding_window": 32, "head_dim": D_HEAD}, pre_gpt2)
    make(out, "tiny-qwen2", 13, {"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2",
                                 "tie_word_embeddings": True, "use_sliding_window": False, "rope_theta": 1000000.0},
         pre_qwen2, {"type": "NFC"}, bias=True)


if __name__ == "__main__":
    main()
