// What a caller should know of a search beforehand: it will run, but may not mean what one thinks.
import type { Reward } from '../scoring/reward.js';
import type { Policy } from './policy.js';

/**
 * Warnings about a pair of models. Any reward model may score any policy's texts; one that was trained
 * on the embedded policies' texts alone says little about others.
 */
export function warningsOf(policy: Policy, reward: Reward | undefined): readonly string[] {
  if (reward === undefined || !reward.isEmbedded || policy.isEmbedded) return [];
  return [mismatch(reward.name, policy.name)];
}

/** The words for an embedded reward model beside another policy. */
export function mismatch(reward: string, policy: string): string {
  return (
    `reward model ${reward} was made for the embedded policies' texts, not for those of ${policy}: ` +
    'its scores say little about them'
  );
}
