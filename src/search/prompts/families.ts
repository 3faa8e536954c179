// Chooses the prompt family of a model package; a new family is a file and an entry here.
import { embeddedDirectory } from '../../model/embedded.js';
import type { ModelPackage } from '../../model/package.js';
import { embedded } from './embedded.js';
import type { PromptFamily } from './family.js';
import { generic } from './generic.js';

const families: readonly {
  readonly family: PromptFamily;
  readonly matches: (model: ModelPackage) => boolean;
}[] = [
  { family: embedded, matches: ({ manifest }) => embeddedDirectory(manifest.name) !== undefined },
];

/** The first family that claims the package, else the generic one. */
export function familyOf(model: ModelPackage): PromptFamily {
  return families.find(({ matches }) => matches(model))?.family ?? generic;
}
