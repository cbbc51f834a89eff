"""Makes language models of a few kilobytes, which say random words, to be served by real servers:

    python tiny.py gguf FILE            for llama.cpp; needs gguf
    python tiny.py transformers FOLDER  for Hugging Face's transformers; needs torch and transformers

Both read any text, a token a byte, and write the words below in any order, up to the last of them.
"""

import sys

import numpy as np

WORDS = "the river road door water stone thunder mother child moon stands opens waits turns runs".split()
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
SPECIAL = ["<unk>", "<s>", "</s>"]
TOKENS = SPECIAL + BYTES + [f"\u2581{word}" for word in WORDS]
END = SPECIAL.index("</s>")

WIDTH, HEADS, LAYERS, INNER, CONTEXT = 64, 4, 1, 64, 32768

TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n"
    "{% endfor %}assistant:"
)


def weights():
    """The first number of every vector is the same: it decides what may be said at all. The second is that of the
    last word alone, after which the answer ends."""
    random = np.random.default_rng(4711)

    def small(*shape):
        return random.normal(0, 0.02, shape).astype(np.float32)

    embedding, output = small(len(TOKENS), WIDTH), small(len(TOKENS), WIDTH)
    embedding[:, 0] = 1
    output[:, 0] = -4
    output[len(SPECIAL) + len(BYTES) :, 0] = 0
    embedding[-1, 1], output[END, 1] = 1, 8
    layers = []
    for _ in range(LAYERS):
        square = {name: small(WIDTH, WIDTH) for name in ("q", "k", "v", "o")}
        wide = {name: small(INNER, WIDTH) for name in ("gate", "up")}
        layers.append(square | wide | {"down": small(WIDTH, INNER)})
    return embedding, output, layers


def gguf(path):
    import gguf

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(TOKENS))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(TOKENS)
    writer.add_token_scores([0.0] * len(TOKENS))
    kinds = gguf.TokenType
    special = [kinds.UNKNOWN, kinds.CONTROL, kinds.CONTROL]
    writer.add_token_types(special + [kinds.BYTE] * len(BYTES) + [kinds.NORMAL] * len(WORDS))
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(END)
    writer.add_chat_template(TEMPLATE)
    embedding, output, layers = weights()
    writer.add_tensor("token_embd.weight", embedding)
    writer.add_tensor("output.weight", output)
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    names = {"q": "attn_q", "k": "attn_k", "v": "attn_v", "o": "attn_output"}
    names |= {"gate": "ffn_gate", "up": "ffn_up", "down": "ffn_down"}
    for number, layer in enumerate(layers):
        for name, tensor in layer.items():
            writer.add_tensor(f"blk.{number}.{names[name]}.weight", tensor)
        for norm in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{number}.{norm}.weight", np.ones(WIDTH, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def transformers(folder):
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    vocabulary = {token: number for number, token in enumerate(TOKENS)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>", byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>", pad_token="</s>"
    )
    fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=len(TOKENS),
        hidden_size=WIDTH,
        intermediate_size=INNER,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        max_position_embeddings=CONTEXT,
        rms_norm_eps=1e-5,
        bos_token_id=1,
        eos_token_id=END,
        pad_token_id=END,
    )
    model = LlamaForCausalLM(config)
    embedding, output, layers = weights()
    names = {name: f"self_attn.{name}_proj" for name in "qkvo"}
    names |= {name: f"mlp.{name}_proj" for name in ("gate", "up", "down")}
    values = {"model.embed_tokens.weight": embedding, "lm_head.weight": output}
    for number, layer in enumerate(layers):
        for name, tensor in layer.items():
            values[f"model.layers.{number}.{names[name]}.weight"] = tensor
    values = {name: torch.from_numpy(value) for name, value in values.items()}
    model.load_state_dict(values, strict=False)
    model.generation_config.do_sample = True
    model.save_pretrained(folder)


if __name__ == "__main__":
    {"gguf": gguf, "transformers": transformers}[sys.argv[1]](sys.argv[2])
