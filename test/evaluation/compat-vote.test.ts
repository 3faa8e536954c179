// The paper's vote: by exact strings, where the search's own goes by mathematics.
import { describe, expect, it } from 'vitest';
import { isCompatVoteCorrect } from '../../src/evaluation/compat-vote.js';
import { isCorrect } from '../../src/evaluation/result-record.js';
import type { SearchPath } from '../../src/search/result.js';
import { bestOfN, majority } from '../../src/search/strategy.js';
import { castVote } from '../../src/search/vote.js';

const pathOf = (text: string, score: number | null, i: number): SearchPath => ({
  id: `${i}`,
  steps: [{ text, score, margin: score }],
  text,
  tokens: [],
  logProb: 0,
  answer: /\{(.*)\}\.$/.exec(text)?.[1] ?? null,
  complete: true,
  isAnswer: true,
  multiplicity: 1,
  value: score,
});

const pathsOf = (answers: readonly string[], scores: readonly number[] = []) =>
  answers.map((answer, i) => pathOf(`It is \\boxed{${answer}}.`, scores[i] ?? null, i));

describe('the compatible vote', () => {
  it('splits what the other joins', () => {
    const paths = pathsOf(['7', '7', '0.5', '\\frac{2}{4}', '\\frac12']);
    const { answer } = castVote(paths, { vote: 'majority' });
    expect(isCorrect(answer, '0.5')).toBe(true);
    expect(isCompatVoteCorrect(paths, majority({ budget: 5 }), '0.5')).toBe(false);
    expect(isCompatVoteCorrect(paths, majority({ budget: 5 }), '7')).toBe(true);
  });

  it('joins what its form joins', () => {
    const paths = pathsOf(['8', '\\dfrac12', '1/2', '9']);
    expect(isCompatVoteCorrect(paths, majority({ budget: 4 }), '0.5')).toBe(true);
  });

  it("goes by the strategy's own rule", () => {
    const paths = pathsOf(['1', '2', '2'], [0.9, 0.2, 0.2]);
    const weighted = bestOfN({ budget: 3 });
    expect(isCompatVoteCorrect(paths, weighted, '1')).toBe(true);
    expect(isCompatVoteCorrect(paths, majority({ budget: 3 }), '2')).toBe(true);
    expect(isCompatVoteCorrect(paths, bestOfN({ budget: 3, vote: 'max' }), '1')).toBe(true);
  });

  it('counts no answer as an answer, as the paper does', () => {
    const paths = ['I', 'do', 'not', 'know'].map((text, i) => pathOf(text, null, i));
    expect(isCompatVoteCorrect(paths, majority({ budget: 4 }), '\\text{east}')).toBe(true);
    expect(isCompatVoteCorrect(paths, majority({ budget: 4 }), '7')).toBe(false);
  });

  it('finds nothing right among no paths', () => {
    expect(isCompatVoteCorrect([], majority({ budget: 1 }), '7')).toBe(false);
  });
});
