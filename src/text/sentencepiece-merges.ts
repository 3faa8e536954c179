// The merges of a SentencePiece vocabulary: it holds scores alone, a BPE model wants ranked pairs.

/**
 * Every way to split a piece into two others is a merge. The piece of the higher score comes first,
 * as SentencePiece joins; of one score, the longer first part (as Hugging Face's converters do).
 * @param isPiece whether an id stands for a piece that text is made of
 */
export function mergesOfScores(
  tokens: readonly string[],
  scores: readonly number[],
  isPiece: (id: number) => boolean,
): [string, string][] {
  const idOf = new Map<string, number>();
  tokens.forEach((token, id) => {
    if (isPiece(id)) idOf.set(token, id);
  });
  interface Merge {
    readonly pair: [string, string];
    readonly score: number;
    readonly lengths: readonly [number, number]; // in characters
    readonly ids: readonly [number, number];
  }
  const merges: Merge[] = [];
  for (const [piece, id] of idOf) {
    const characters = [...piece];
    for (let cut = 1; cut < characters.length; cut++) {
      const pair: [string, string] = [
        characters.slice(0, cut).join(''),
        characters.slice(cut).join(''),
      ];
      const [first, second] = [idOf.get(pair[0]), idOf.get(pair[1])];
      if (first === undefined || second === undefined) continue;
      const lengths = [cut, characters.length - cut] as const;
      merges.push({ pair, score: scores[id] ?? 0, lengths, ids: [first, second] });
    }
  }
  merges.sort(
    (a, b) =>
      b.score - a.score ||
      b.lengths[0] - a.lengths[0] ||
      b.lengths[1] - a.lengths[1] ||
      a.ids[0] - b.ids[0] ||
      a.ids[1] - b.ids[1],
  );
  return merges.map((merge) => merge.pair);
}
