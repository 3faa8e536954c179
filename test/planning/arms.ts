// Arms made of numbers: the accuracy and cost of each problem as a function.
import type { Arm } from '../../src/planning/arm.js';
import type { Strategy } from '../../src/search/strategy.js';

/** An arm over the problems `p0`, `p1`, ...; a token is ten FLOPs. */
export function armOver(
  count: number,
  strategy: Strategy,
  accuracyOf: (index: number) => number,
  flopsOf: (index: number) => number,
  reward: string | null = 'prm',
): Arm {
  const outcomes = Array.from({ length: count }, (_, i) => {
    return [`p${i}`, { accuracy: accuracyOf(i), flops: flopsOf(i) }] as const;
  });
  const tokens = outcomes.map(([problem, { flops }]) => [problem, flops / 10] as const);
  return {
    ...{ policy: 'policy', reward, strategy, isExact: true },
    outcomes: new Map(outcomes),
    tokens: new Map(tokens),
  };
}

export const problemsUpTo = (count: number) => Array.from({ length: count }, (_, i) => `p${i}`);
