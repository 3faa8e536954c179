// Opens an embedded model's token tree and tokenizer for the engine tests.
import { type EngineOptions, openTree } from '../../src/engine/engine.js';
import type {
  ChildRequest,
  NodeId,
  SampleOptions,
  TokenTree,
} from '../../src/engine/token-tree.js';
import { openPackage } from '../../src/model/package.js';
import { openTokenizer } from '../../src/text/tokenizer.js';

export const question =
  'Ned has 14 cards. Ben has 5 times as many cards as Ned. Ian has 19 fewer cards than Ben. ' +
  'How many cards does Ian have?';

export const sampling: SampleOptions = {
  streamKey: 7n,
  temperature: 0.7,
  topK: 0,
  topP: 1,
  minP: 0,
};

/** Children with path keys `first`, `first + 1`, and so on. */
export function children(count: number, maxTokens = 96, first = 0): ChildRequest[] {
  return Array.from({ length: count }, (_, i) => ({ pathKey: BigInt(first + i), maxTokens }));
}

/** A loaded model (an embedded one's name, or a package's directory) with the prompt's ids. */
export async function openEmbedded(source: string, options: EngineOptions = {}) {
  const model = await openPackage(source);
  const tokenizer = await openTokenizer(model.directory);
  const size = model.manifest.dimensions.vocabulary;
  const tree = await openTree(model, tokenizer.tokenBytes(size), options);
  const prompt = tokenizer.chatPrompt([{ role: 'user', content: question }]);
  return { tree, tokenizer, prompt };
}

/** The children's tokens and log-probabilities as plain arrays; nodes are released as they come. */
export function sampleAll(
  tree: TokenTree,
  parent: NodeId,
  requests: readonly ChildRequest[],
  options: SampleOptions = sampling,
) {
  const runs = tree.sample(parent, requests, options).map(async (run) => {
    const { node, tokens, logProbs, finish } = await run;
    tree.release(node);
    return { tokens: [...tokens], logProbs: [...logProbs], finish };
  });
  return Promise.all(runs);
}
