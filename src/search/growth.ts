// One round of one chain: asks the limits how much it may sample, and grows children below all of
// its branches at once. Decides nothing: that is the rule's part.
import { flopsOf } from '../ledger.js';
import type { Grant } from './allowance.js';
import type { Branch } from './branch.js';
import { Family, type Round } from './family.js';
import { comparePathIds } from './path-id.js';
import type { SearchState } from './state.js';

/**
 * The children of `branches` that were sampled and scored, in path order, identical siblings merged.
 * Never rejects: failures go to the search's `stop`, and what they took is missing. The caller owns
 * what the children hold.
 */
export async function grow(
  search: SearchState,
  branches: readonly Branch[],
  round: Round,
): Promise<readonly Branch[]> {
  const growing = branches.filter((branch) => search.roomBelow(branch) >= 1);
  if (growing.length === 0) return [];
  const grant = await grantFor(search, growing, round);
  if (search.stop.signal.aborted) return [];
  if (grant.cap < 1) {
    search.allowance.limit(round.chain, grant.limit ?? 'tokens');
    return [];
  }
  const families = growing.map((branch) => new Family(search, branch, round, grant));
  // Under a FLOP limit scores wait for the whole round, and are then admitted in path order.
  const sampled = Promise.all(families.flatMap((family) => family.sample()));
  const gate = search.allowance.hasFlopLimit ? sampled : undefined;
  const grown = await Promise.all(families.map((family) => family.mature(gate)));
  return grown.flat().sort((a, b) => comparePathIds(a.id, b.id));
}

function grantFor(search: SearchState, growing: readonly Branch[], round: Round): Promise<Grant> {
  const { policy, reward } = search.settings;
  const rooms = growing.map((branch) => search.roomBelow(branch));
  const prompt = search.prompts.policy.length;
  const flopsAt = (cap: number) =>
    growing.reduce((total, branch, index) => {
      const tokens = Math.min(cap, rooms[index] ?? 0);
      const from = prompt + branch.length;
      const sampling = flopsOf(policy.cost, from, from + tokens, tokens);
      if (reward === undefined || branch.position === undefined) {
        return total + round.children * sampling;
      }
      const read = branch.position.solution.tokens.length;
      const scoring = flopsOf(reward.cost, read, read + tokens + 1, 1);
      return total + round.children * (sampling + scoring);
    }, 0);
  return search.allowance.grant(
    round.chain,
    {
      children: growing.length * round.children,
      most: rooms.reduce((total, room) => total + room * round.children, 0),
      cap: Math.max(...rooms),
      flopsAt,
    },
    search.stop.signal,
  );
}
