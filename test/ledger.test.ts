// FLOPs by the formula, token by token; the account against a plain recount.
import { describe, expect, test } from 'vitest';
import { Account, flopsOf, type ModelCost } from '../src/ledger.js';

const policy: ModelCost = {
  matrixWeights: 1000,
  headWeights: 50,
  layers: 2,
  heads: 3,
  headDim: 4,
};
const reward: ModelCost = { ...policy, matrixWeights: 70, headWeights: 5 };

/** The formula for one token: 2 x weights, head if read, 4 x layers x heads x size x context. */
function ofToken(cost: ModelCost, position: number, isRead: boolean): number {
  const attention = 4 * cost.layers * cost.heads * cost.headDim * (position + 1);
  return 2 * cost.matrixWeights + (isRead ? 2 * cost.headWeights : 0) + attention;
}

describe('flopsOf', () => {
  test('is the sum over tokens', () => {
    let sum = 0;
    for (let position = 17; position < 40; position++)
      sum += ofToken(policy, position, position > 35);
    expect(flopsOf(policy, 17, 40, 4)).toBe(sum);
    expect(flopsOf(policy, 17, 17, 0)).toBe(0);
  });
});

describe('an account', () => {
  test('counts every token that was run, once, at its own context', () => {
    const account = new Account(policy, reward);
    account.promptFilled(10, 7); // positions 0-9, the last one read
    account.sampled(10, 4); // tokens at 10-13; 10-12 were run to sample the next
    account.sampled(10, 1); // an end of sequence at once: nothing was run
    account.continued(14); // the token at 13, run for the children below
    account.sampled(14, 3);
    account.rewardPromptFilled(6, 6);
    account.scored(6, 10, 1);
    account.scoreComputed(3);
    account.scored(6, 12, 2);
    account.scoreComputed(6);
    const ledger = account.close(1.5);
    let policyFlops = 0;
    for (let at = 0; at < 10; at++) policyFlops += ofToken(policy, at, at === 9);
    for (const at of [10, 11, 12, 13, 14, 15]) policyFlops += ofToken(policy, at, true);
    let rewardFlops = 0;
    for (let at = 0; at < 6; at++) rewardFlops += ofToken(reward, at, false);
    for (let at = 6; at < 10; at++) rewardFlops += ofToken(reward, at, at === 9);
    for (let at = 6; at < 12; at++) rewardFlops += ofToken(reward, at, at === 8 || at === 11);
    // Without sharing: the runs of 4, 1 and 3 tokens each from position 0, each score likewise.
    let unsharedPolicy = 0;
    for (const [prefix, tokens] of [
      [10, 4],
      [10, 1],
      [14, 3],
    ] as const) {
      for (let at = 0; at < prefix + tokens - 1; at++) {
        unsharedPolicy += ofToken(policy, at, at >= prefix - 1);
      }
    }
    let unsharedReward = 0;
    for (let at = 0; at < 10; at++) unsharedReward += ofToken(reward, at, at === 9);
    for (let at = 0; at < 12; at++) unsharedReward += ofToken(reward, at, at === 8 || at === 11);
    expect(ledger).toEqual({
      policy: { promptTokens: 10, sampledTokens: 8, processedTokens: 16, flops: policyFlops },
      reward: { promptTokens: 6, processedTokens: 16, calls: 2, scores: 3, flops: rewardFlops },
      flops: policyFlops + rewardFlops,
      unshared: { policy: unsharedPolicy, reward: unsharedReward },
      computed: { policy: 13, reward: 15 },
      seconds: 1.5,
    });
    expect(account.flops).toBe(ledger.flops);
  });

  test('without a reward model has nothing of one', () => {
    const account = new Account(policy, undefined);
    account.promptFilled(3, 3);
    expect(account.close(0).reward).toEqual({
      promptTokens: 0,
      processedTokens: 0,
      calls: 0,
      scores: 0,
      flops: 0,
    });
  });
});
