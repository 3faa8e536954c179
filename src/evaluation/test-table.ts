// A plan's test as plan.json has it: for each policy and reward model, lines at levels of FLOPs.
import type { Confusion } from '../planning/auto-fit.js';
import type { Bin } from '../planning/difficulty.js';
import type { Difference, Interval } from './bootstrap.js';

/** The lines of the table; those in hindsight choose on the problems that they are shown on. */
export const lineNames = [
  'plan, true bins',
  'auto',
  "authors' table",
  'fixed, chosen on calibration',
  'best fixed in hindsight',
  'best per bin in hindsight',
] as const;
export type LineName = (typeof lineNames)[number];

/** One line at one level of FLOPs. */
export interface Line {
  readonly name: LineName;
  /** Whether it knows the answers of the problems that it is shown on. */
  readonly usesLabels: boolean;
  /** With its 95% bootstrap interval over problems; null where it was not measured or nothing fits. */
  readonly accuracy: Interval | null;
  /** Mean spent; null likewise. */
  readonly flops: number | null;
}

/** The lead of one line over another, problem by problem. */
export interface Lead extends Difference {
  readonly over: LineName;
  /** Holm's, over all leads of the table. */
  readonly adjustedP: number;
  /** The interval leaves 0 out, and so does Holm's test at 5%. */
  readonly isBeaten: boolean;
}

/** All lines at one level. */
export interface Level {
  /** N samples fit it, whatever the strategy. */
  readonly budget: number;
  readonly flops: number;
  readonly lines: readonly Line[];
  /** Share of the problems that `auto` probes, in [0, 1]; null where it was not run. */
  readonly autoProbes: number | null;
  /** The plan's, with true bins. */
  readonly leads: readonly Lead[];
  /** `auto`'s. */
  readonly autoLeads: readonly Lead[];
}

/** The table of one policy with one reward model. */
export interface TestTable {
  readonly policy: string;
  readonly reward: string;
  readonly problems: { readonly [B in Bin]: number };
  /** Test searches by true bin, then by the bin that `auto` predicts; null where it was not run. */
  readonly confusion: Confusion | null;
  readonly levels: readonly Level[];
}
