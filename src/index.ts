// The public surface of espalier.
export type { FinishReason } from './engine/token-tree.js';
export type { ErrorCode } from './errors.js';
export { DisposedError, EngineError, ModelError, OptionError } from './errors.js';
export type { Dataset, DatasetOptions, Problem } from './evaluation/dataset.js';
export { openDataset } from './evaluation/dataset.js';
export type { OutputsOptions, OutputsRun } from './evaluation/outputs-run.js';
export { recordOutputs } from './evaluation/outputs-run.js';
export type { Grade, GradeInput } from './grading/grade.js';
export { grade } from './grading/grade.js';
export { groupEquivalent } from './grading/groups.js';
export type { Ledger, ModelCost, PolicyLedger, RewardLedger } from './ledger.js';
export { importModel } from './model/import.js';
export type { ImportOptions } from './model/import-options.js';
export type { ModelPackage } from './model/package.js';
export { openPackage } from './model/package.js';
export type { PullOptions, PullProgress } from './model/pull.js';
export { pullModel } from './model/pull.js';
export type { SavedPlan } from './planning/plan-document.js';
export { parsePlan } from './planning/plan-document.js';
export { readPlan } from './planning/read-plan.js';
export type { LoadRewardOptions } from './scoring/load.js';
export { loadReward } from './scoring/load.js';
export type { Reward } from './scoring/reward.js';
export type {
  Adviser,
  AnyStrategy,
  AutoOptions,
  AutoPlan,
  AutoStrategy,
  EarlyStop,
  PlannedBudget,
  Prediction,
} from './search/auto-strategy.js';
export { auto } from './search/auto-strategy.js';
export type { LoadPolicyOptions } from './search/load.js';
export { loadPolicy } from './search/load.js';
export type { SearchLimits, SearchOptions } from './search/options.js';
export type { Policy } from './search/policy.js';
export type { FamilyName } from './search/prompts/family.js';
export type { PolicyPrompt } from './search/prompts/policy-prompt.js';
export type {
  AutoOutcome,
  PathId,
  SearchPath,
  SearchResult,
  Step,
  StopReason,
  VoteClass,
} from './search/result.js';
export { search } from './search/search.js';
export type {
  Aggregation,
  BeamSearchOptions,
  BestOfNOptions,
  DvtsOptions,
  MajorityOptions,
  Strategy,
  Vote,
} from './search/strategy.js';
export { beamSearch, bestOfN, dvts, greedy, majority } from './search/strategy.js';
export type { TraceEvent } from './search/trace.js';
export type { VoteOutcome, VoteRule } from './search/vote.js';
export { castVote } from './search/vote.js';
export type { ChatMessage, Tokenizer } from './text/tokenizer.js';
