// Random numbers that depend on nothing but their keys: 64-bit mixing for seeds and paths, and
// Philox4x32-10 (Salmon et al., SC 2011), the twin of the native sampler's generator.
// A search's numbers are therefore the same alone, in a crowd and in any shard.

const mask64 = (1n << 64n) - 1n;
const golden = 0x9e3779b97f4a7c15n;

/**
 * Mixes 64-bit words into one; the order of the words matters. A chain of SplitMix64's finaliser:
 * `h = finalise((h XOR word) + golden)`, from h = 0.
 */
export function mix(...words: readonly bigint[]): bigint {
  let state = 0n;
  for (const word of words) state = finalise(((state ^ (word & mask64)) + golden) & mask64);
  return state;
}

/** Hash of a prompt's token ids: `mix` over their number and then each of them. */
export function hashTokens(tokens: ArrayLike<number>): bigint {
  const words = Array.from(tokens, (token) => BigInt(token));
  return mix(BigInt(words.length), ...words);
}

/** Key of all random numbers of a search. */
export function streamKeyOf(seed: number, prompt: ArrayLike<number>): bigint {
  return mix(BigInt(seed), hashTokens(prompt));
}

/** Path key of a search's root. */
export const rootPathKey = mix(0n);

/** Path key of a child: its parent's, its round (steps above it) and its sibling index. */
export function childPathKey(parent: bigint, round: number, sibling: number): bigint {
  return mix(parent, BigInt(round), BigInt(sibling));
}

/**
 * The uniform number in [0, 1) that samples token `tokenIndex` (from 0) of a run. Philox with
 * counter [tokenIndex, 0, pathKey low, pathKey high], key [streamKey low, streamKey high]; the
 * first 53 bits of its output.
 */
export function uniformAt(streamKey: bigint, pathKey: bigint, tokenIndex: number): number {
  const [x0, x1] = philox4x32(
    [tokenIndex, 0, low32(pathKey), high32(pathKey)],
    [low32(streamKey), high32(streamKey)],
  );
  return (x0 * 2 ** 21 + (x1 >>> 11)) / 2 ** 53;
}

/** Four unsigned 32-bit words. */
export type Words4 = readonly [number, number, number, number];
/** Two unsigned 32-bit words. */
export type Words2 = readonly [number, number];

/** Philox4x32 with 10 rounds. All words are unsigned 32-bit. */
export function philox4x32(counter: Words4, key: Words2): Words4 {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const [high0, low0] = multiply(0xd2511f53, c0);
    const [high1, low1] = multiply(0xcd9e8d57, c2);
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0];
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** High and low word of a 32 x 32-bit product, in 16-bit halves: doubles hold 53 bits only. */
function multiply(a: number, b: number): Words2 {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const cross = aHigh * bLow + ((aLow * bLow) >>> 16);
  const middle = aLow * bHigh + (cross & 0xffff);
  const high = aHigh * bHigh + (cross >>> 16) + (middle >>> 16);
  return [high >>> 0, Math.imul(a, b) >>> 0];
}

function finalise(word: bigint): bigint {
  let z = word;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask64;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask64;
  return z ^ (z >> 31n);
}

function low32(word: bigint): number {
  return Number(word & 0xffffffffn);
}

function high32(word: bigint): number {
  return Number((word >> 32n) & 0xffffffffn);
}
