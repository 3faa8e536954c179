// How a model on a hub is named: ID, ID@REVISION, ID:FILE or ID@REVISION:FILE. Neither an id nor a git
// revision can hold the characters that part them.
import { invalidOption } from '../../errors.js';

export interface HubReference {
  /** `namespace/name`, or a bare name. */
  readonly id: string;
  /** A branch, tag or commit. */
  readonly revision: string | undefined;
  /** Path of a file inside the repository. */
  readonly file: string | undefined;
}

const FORM = /^([^@:]+)(?:@([^:]+))?(?::([^/].*))?$/;
const NAME = /^\w[\w.-]{0,95}$/;

/** @throws OptionError unless `text` has the form and the id could be a repository's */
export function parseReference(text: unknown): HubReference {
  const [, id, revision, file] = FORM.exec(typeof text === 'string' ? text : '') ?? [];
  const names = id?.split('/') ?? [];
  const isRepository =
    (names.length === 1 || names.length === 2) &&
    names.every((name) => NAME.test(name) && !name.includes('..'));
  if (id === undefined || !isRepository) {
    const expected = 'a model on a hub, such as Qwen/Qwen2.5-0.5B-Instruct or ID@REVISION:FILE';
    throw invalidOption('model', expected, text);
  }
  return { id, revision, file };
}
