// Predicts pass@1 of a policy on a problem from a few paths, without their reference: a logistic
// function of how far they agree and how well they score. Its bins are those of true difficulty.
import { groupAnswers } from '../search/answer.js';
import type { VotingPath } from '../search/vote.js';
import { aggregate } from '../search/vote.js';

/** What a prediction goes by. */
export interface Features {
  /** Share of the paths that give the answer which most of them give, in [0, 1]. */
  readonly agreement: number;
  /** Mean over the paths of their mean step score, in [0, 1]; a path without scores counts 0. */
  readonly score: number;
}

/** pass@1 = 1 / (1 + exp(-(intercept + agreement x its weight + score x its weight))). */
export interface Predictor extends Features {
  readonly intercept: number;
}

/** A problem whose pass@1 is known. */
export interface Sample {
  readonly features: Features;
  /** In [0, 1]. */
  readonly passAt1: number;
}

/** What paths show; their order does not matter. @throws RangeError of none */
export function featuresOf(paths: readonly VotingPath[]): Features {
  if (paths.length === 0) throw new RangeError('Expected at least one path, got none');
  const holding = paths.filter(({ answer }) => answer !== null);
  const groups = groupAnswers(holding, ({ answer }) => answer ?? '');
  const most = Math.max(0, ...groups.map((members) => members.length));
  const scores = paths.map(({ steps }) => aggregate(steps, 'mean') ?? 0).sort((a, b) => a - b);
  return {
    agreement: most / paths.length,
    score: scores.reduce((sum, score) => sum + score, 0) / paths.length,
  };
}

/** In (0, 1); rises with either feature, or does not depend on it. */
export function predictPassAt1(predictor: Predictor, { agreement, score }: Features): number {
  const { intercept } = predictor;
  return logistic(intercept + predictor.agreement * agreement + predictor.score * score);
}

// Keeps weights finite where the samples could be told apart perfectly.
const ridge = 1e-3;
const mostIterations = 100;

/**
 * The weights of highest likelihood, neither feature's below 0, by Newton's method from 0: the same
 * samples give the same weights.
 * @throws RangeError of no samples
 */
export function fitPredictor(samples: readonly Sample[]): Predictor {
  if (samples.length === 0) throw new RangeError('Expected at least one sample, got none');
  // Where the best weight is negative, the best one allowed is 0: the likelihood is concave.
  const candidates = [
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ].map(([agreement = false, score = false]) => fitFeatures(samples, { agreement, score }));
  const allowed = candidates.filter(({ agreement, score }) => agreement >= 0 && score >= 0);
  return allowed.reduce((best, other) =>
    logLikelihood(other, samples) > logLikelihood(best, samples) ? other : best,
  );
}

/** Over the samples, less the ridge. */
export function logLikelihood(predictor: Predictor, samples: readonly Sample[]): number {
  const { intercept, agreement, score } = predictor;
  const penalty = (ridge / 2) * (intercept ** 2 + agreement ** 2 + score ** 2);
  return samples.reduce((sum, { features, passAt1 }) => {
    const z = intercept + agreement * features.agreement + score * features.score;
    // log p = -log(1 + exp(-z)) and log(1 - p) = log p - z, without overflow.
    const logP = z >= 0 ? -Math.log1p(Math.exp(-z)) : z - Math.log1p(Math.exp(z));
    return sum + logP - (1 - passAt1) * z;
  }, -penalty);
}

function fitFeatures(
  samples: readonly Sample[],
  uses: { readonly agreement: boolean; readonly score: boolean },
): Predictor {
  const rows = samples.map(({ features: { agreement, score }, passAt1 }) => ({
    x: [1, uses.agreement ? agreement : 0, uses.score ? score : 0] as const,
    y: passAt1,
  }));
  let weights: Triple = [0, 0, 0];
  for (let iteration = 0; iteration < mostIterations; iteration++) {
    const gradient = weights.map((weight) => -ridge * weight);
    const curvature = [0, 1, 2].map((i) => [0, 1, 2].map((j): number => (i === j ? ridge : 0)));
    for (const { x, y } of rows) {
      const p = logistic(x[0] * weights[0] + x[1] * weights[1] + x[2] * weights[2]);
      x.forEach((a, i) => {
        gradient[i] = (gradient[i] ?? 0) + (y - p) * a;
        const row = curvature[i] ?? [];
        x.forEach((b, j) => {
          row[j] = (row[j] ?? 0) + p * (1 - p) * a * b;
        });
      });
    }
    const [a, b, c] = solve(curvature, gradient);
    // A full Newton step can overshoot where p is close to 0 or 1: at most 4 at once.
    const scale = Math.min(1, 4 / Math.max(Math.abs(a), Math.abs(b), Math.abs(c), 1e-300));
    weights = [weights[0] + scale * a, weights[1] + scale * b, weights[2] + scale * c];
    if (Math.max(Math.abs(a), Math.abs(b), Math.abs(c)) < 1e-12) break;
  }
  return { intercept: weights[0], agreement: weights[1], score: weights[2] };
}

type Triple = readonly [number, number, number];

/** Three equations by elimination; the matrix is positive definite, so no pivot is 0. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): Triple {
  const rows = matrix.map((row, i) => [...row, right[i] ?? 0]);
  for (let pivot = 0; pivot < 3; pivot++) {
    const top = rows[pivot] ?? [];
    for (let i = 0; i < 3; i++) {
      const row = rows[i] ?? [];
      if (i === pivot) continue;
      const factor = (row[pivot] ?? 0) / (top[pivot] ?? 1);
      for (let j = pivot; j < 4; j++) row[j] = (row[j] ?? 0) - factor * (top[j] ?? 0);
    }
  }
  const at = (i: number) => (rows[i]?.[3] ?? 0) / (rows[i]?.[i] ?? 1);
  return [at(0), at(1), at(2)];
}

function logistic(z: number): number {
  return 1 / (1 + Math.exp(-z));
}
