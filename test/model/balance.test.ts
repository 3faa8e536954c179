// The factors that inner channels get: the mean they rest on against its integral, and that no other
// factors leave a smaller rounding error.
import { expect, test } from 'vitest';
import { channelFactor, meanSquaredSilu } from '../../src/model/balance.js';

/** The mean of silu(x)^2 over a normal x, by sums. */
function integral(variance: number): number {
  let [sum, weights] = [0, 0];
  for (let z = -8; z <= 8; z += 1 / 512) {
    const [x, weight] = [z * Math.sqrt(variance), Math.exp((-z * z) / 2)];
    sum += weight * (x / (1 + Math.exp(-x))) ** 2;
    weights += weight;
  }
  return sum / weights;
}

test.each([1e-3, 0.1, 1, 3, 10, 30, 1e3])('the mean square of silu at variance %d', (variance) => {
  expect(Math.abs(meanSquaredSilu(variance) / integral(variance) - 1)).toBeLessThan(0.01);
});

test('the factors make the rounding error of the product least', () => {
  // Steps are as long as the row (squares add up), errors are weighed by the down projection.
  const channels = [
    { gate: 1, up: 0.5, down: 3 },
    { gate: 0.2, up: 4, down: 0.01 },
    { gate: 7, up: 1, down: 1 },
  ];
  const error = (factors: readonly number[]) => {
    let [step, weight] = [0, 0];
    channels.forEach(({ gate, up, down }, i) => {
      const square = (factors[i] as number) ** 2;
      step += up * meanSquaredSilu(gate) * square;
      weight += down / square;
    });
    return step * weight;
  };
  const best = channels.map(({ gate, up, down }) => channelFactor(gate, up, down));
  const least = error(best);
  expect(least).toBeLessThan(0.7 * error([1, 1, 1]));
  for (const [i] of channels.entries()) {
    for (const change of [0.9, 1.1]) {
      const other = best.map((factor, j) => (i === j ? factor * change : factor));
      expect(error(other)).toBeGreaterThan(least);
    }
  }
});

test('a channel that does nothing keeps its size', () => {
  expect(channelFactor(0, 0, 1)).toBe(1);
  expect(channelFactor(1, 1, 0)).toBe(1);
  expect(channelFactor(0, 1, 0)).toBe(1);
});
