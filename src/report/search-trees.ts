// Searches as the viewer shows them: every branch with its text, score and fate, and the vote. Many
// searches make a large page, so problems are chosen, evenly spaced.
import { isCorrect, type ResultRecord } from '../evaluation/result-record.js';
import { placeProblems } from '../evaluation/units.js';
import type { Ending, ViewedBranch, ViewedProblem, ViewedSearch } from './viewed-search.js';

/** Bytes of JSON that trees may take where no number of problems is asked for. */
const defaultBytes = 4_000_000;

/** The chosen problems, in dataset order; `count` or as many as fit a page of bearable size. */
export function viewProblems(
  runs: readonly { readonly records: readonly ResultRecord[] }[],
  count: number | undefined,
): readonly ViewedProblem[] {
  const searches = new Map<number, { first: ResultRecord; found: ViewedSearch[] }>();
  for (const [run, { records }] of runs.entries()) {
    for (const record of records) {
      if (record.repeat !== 0) continue;
      const entry = searches.get(record.index) ?? { first: record, found: [] };
      entry.found.push(viewSearch(record, run));
      searches.set(record.index, entry);
    }
  }
  const all = [...searches]
    .sort(([a], [b]) => a - b)
    .map(([, { first, found }]): ViewedProblem => {
      const { id, level, subject, problem, reference } = first;
      return { id, level, subject, problem, reference, searches: found };
    });
  return placeProblems(all, count ?? fitting(all)).map(({ index: _, ...problem }) => problem);
}

function fitting(problems: readonly ViewedProblem[]): number {
  const bytes = Buffer.byteLength(JSON.stringify(problems));
  return Math.max(
    1,
    Math.min(problems.length, Math.floor((problems.length * defaultBytes) / bytes)),
  );
}

/** A search as it was recorded, with the truth about its answers. */
export function viewSearch(record: ResultRecord, run: number): ViewedSearch {
  const { answer, correct, compat, stopReason, ledger } = record;
  const verdicts = new Map<string | null, boolean>();
  const isRight = (text: string | null): boolean => {
    const verdict = verdicts.get(text) ?? isCorrect(text, record.reference);
    verdicts.set(text, verdict);
    return verdict;
  };
  const isTree = record.paths.some(({ id }) => id.includes('.'));
  return {
    run,
    answer,
    strict: correct,
    compat,
    stopReason,
    flops: ledger.flops,
    sampledTokens: ledger.policy.sampledTokens,
    votes: record.votes.map((vote) => ({
      answer: vote.answer,
      weight: vote.weight,
      paths: vote.members.length,
      isRight: isRight(vote.answer),
    })),
    isWhole: (record.branches ?? null) !== null || !isTree,
    branches: record.branches ? treeOf(record, isRight) : chainsOf(record, isRight),
  };
}

type Verdict = (answer: string | null) => boolean;

/** The branches of a recorded tree. */
function treeOf(record: ResultRecord, isRight: Verdict): readonly ViewedBranch[] {
  const endings = endingsOf(record, isRight);
  const places = new Map<string, number>();
  return (record.branches ?? []).map(({ id, text, score, multiplicity, fate }, place) => {
    places.set(id, place);
    const above = id.slice(0, Math.max(0, id.lastIndexOf('.')));
    return {
      id,
      parent: places.get(above) ?? -1,
      text,
      score,
      multiplicity,
      fate,
      chosen: `${record.chosen}.`.startsWith(`${id}.`),
      ending: endings.get(id) ?? null,
      leadsTo: null,
    };
  });
}

/** The steps of each path, one below the other. */
function chainsOf(record: ResultRecord, isRight: Verdict): readonly ViewedBranch[] {
  const endings = endingsOf(record, isRight);
  const branches: ViewedBranch[] = [];
  for (const { id, steps, multiplicity } of record.paths) {
    // A path that ended before any text is a branch too.
    const texts = steps.length === 0 ? [{ text: '', score: null }] : steps;
    for (const [step, { text, score }] of texts.entries()) {
      const isLast = step === texts.length - 1;
      branches.push({
        id: step === 0 ? id : `${id}, step ${step + 1}`,
        parent: step === 0 ? -1 : branches.length - 1,
        text,
        score,
        multiplicity: step === 0 ? multiplicity : 1,
        fate: isLast ? 'ended' : null,
        chosen: id === record.chosen,
        ending: isLast ? (endings.get(id) ?? null) : null,
        leadsTo: step === 0 && !isLast ? (endings.get(id) ?? null) : null,
      });
    }
  }
  return branches;
}

function endingsOf({ paths }: ResultRecord, isRight: Verdict): ReadonlyMap<string, Ending> {
  return new Map(
    paths.map(({ id, answer, complete, isAnswer }) => [
      id,
      { answer, isRight: isRight(answer), isComplete: complete, isAnswer },
    ]),
  );
}
