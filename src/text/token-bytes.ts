// The exact bytes of every token: GPT-2's byte alphabet, or SentencePiece pieces with byte fallback.
// Streaming text, matching step delimiters and stop strings all work on these bytes.
import { ModelError } from '../errors.js';

/** The bytes of every token, concatenated; token i is bytes[offsets[i], offsets[i + 1]). */
export interface TokenBytes {
  readonly bytes: Uint8Array;
  readonly offsets: Uint32Array; // [tokens + 1]
}

/** How a vocabulary spells bytes. */
export type Spelling =
  | { readonly kind: 'byte-level' }
  | { readonly kind: 'sentencepiece'; readonly space: string };

const utf8 = new TextEncoder();

/**
 * Reads from tokenizer.json how its vocabulary spells bytes.
 * @throws ModelError UNSUPPORTED_MODEL for any other kind of tokenizer
 */
export function spellingOf(tokenizer: Readonly<Record<string, unknown>>, where: string): Spelling {
  const decoders = [...stages(tokenizer.decoder)];
  const kinds = decoders.map((stage) => stage.type);
  if (kinds.includes('ByteLevel')) return { kind: 'byte-level' };
  const metaspace = decoders.find((stage) => stage.type === 'Metaspace');
  if (metaspace !== undefined) {
    const space = metaspace.replacement;
    return { kind: 'sentencepiece', space: typeof space === 'string' ? space : '▁' };
  }
  if (kinds.includes('ByteFallback')) return { kind: 'sentencepiece', space: '▁' };
  throw new ModelError(
    `Expected \`${where}: decoder\` to be byte-level or SentencePiece with byte fallback, got ` +
      `${kinds.join(', ') || 'none'}; use a model with such a tokenizer`,
    'UNSUPPORTED_MODEL',
  );
}

/** The bytes of one token of the vocabulary (not of an added token, which is spelt as it is). */
export function bytesOfPiece(piece: string, spelling: Spelling): Uint8Array {
  if (spelling.kind === 'byte-level') return byteLevelBytes(piece);
  const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(piece)?.[1];
  if (byte !== undefined) return Uint8Array.of(Number.parseInt(byte, 16));
  return utf8.encode(piece.replaceAll(spelling.space, ' '));
}

/** Lays out the bytes of tokens one after another. */
export function packTokenBytes(pieces: readonly (Uint8Array | undefined)[]): TokenBytes {
  const offsets = new Uint32Array(pieces.length + 1);
  let total = 0;
  pieces.forEach((piece, i) => {
    total += piece?.length ?? 0;
    offsets[i + 1] = total;
  });
  const bytes = new Uint8Array(total);
  pieces.forEach((piece, i) => {
    if (piece !== undefined) bytes.set(piece, offsets[i]);
  });
  return { bytes, offsets };
}

/** GPT-2's alphabet: printable Latin-1 stands for itself, the other bytes for U+0100 onwards. */
const BYTE_OF_CHARACTER: ReadonlyMap<string, number> = (() => {
  const map = new Map<string, number>();
  let spare = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    const plain = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    map.set(String.fromCodePoint(plain ? byte : spare++), byte);
  }
  return map;
})();

/** A piece with a character outside the alphabet is no product of it: it stands for its own text. */
function byteLevelBytes(piece: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of piece) {
    const byte = BYTE_OF_CHARACTER.get(character);
    if (byte === undefined) return utf8.encode(piece);
    bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}

/** A decoder's stages; a Sequence is taken apart. */
function* stages(decoder: unknown): Generator<Readonly<Record<string, unknown>>> {
  if (typeof decoder !== 'object' || decoder === null) return;
  const stage = decoder as Readonly<Record<string, unknown>>;
  if (Array.isArray(stage.decoders)) {
    for (const inner of stage.decoders) yield* stages(inner);
  } else {
    yield stage;
  }
}
