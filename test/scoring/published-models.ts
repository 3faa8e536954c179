// The tiny reward models of test/golden/reward-models: one of each published kind, with full inputs and
// scores as their authors' code makes them (make_reward_models.py).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PUBLISHED = ['math-shepherd', 'rlhflow', 'skywork', 'qwen-prm'] as const;
export type Published = (typeof PUBLISHED)[number];

/** Ids under which models of each kind are published: enough to tell their formats. */
export const HUB_IDS: Readonly<Record<Published, string>> = {
  'math-shepherd': 'peiyi9979/math-shepherd-mistral-7b-prm',
  rlhflow: 'RLHFlow/Llama3.1-8B-PRM-Deepseek-Data',
  skywork: 'Skywork/Skywork-o1-Open-PRM-Qwen-2.5-1.5B',
  'qwen-prm': 'Qwen/Qwen2.5-Math-PRM-7B',
};

export interface GoldenSolution {
  readonly question: string;
  readonly steps: readonly string[];
  /** Up to the last marker. */
  readonly ids: readonly number[];
  readonly markers: readonly number[];
  readonly scores: readonly number[];
}

export function checkpointOf(name: Published): string {
  return fileURLToPath(new URL(`../golden/reward-models/${name}`, import.meta.url));
}

export function solutionsOf(name: Published): GoldenSolution[] {
  return JSON.parse(readFileSync(join(checkpointOf(name), 'golden.json'), 'utf8'));
}
