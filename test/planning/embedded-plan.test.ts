// The plan that comes with the embedded models is of these very models, and says what was measured.
import { describe, expect, it } from 'vitest';
import { defaultPolicy, defaultReward } from '../../src/cli/open-models.js';
import { openPackage } from '../../src/model/package.js';
import { readPlan } from '../../src/planning/read-plan.js';

describe('the embedded plan', () => {
  it('fits the default models, file by file', async () => {
    const plan = await readPlan('embedded');
    for (const [role, name] of [
      ['policy', defaultPolicy],
      ['reward', defaultReward],
    ] as const) {
      const { manifest } = await openPackage(name, { role });
      const files = Object.entries(manifest.files).map(([file, { sha256 }]) => [file, sha256]);
      plan.checkModel(role, manifest.name, Object.fromEntries(files));
    }
    expect(plan.adviserFor(defaultPolicy, defaultReward).probes).toBe(4);
  });

  it('was tested on problems that it was not fitted to', async () => {
    const { document } = await readPlan('embedded');
    expect(document).toMatchObject({
      crossFitted: false,
      calibration: { datasets: [{ name: 'calibration' }] },
      test: { datasets: [{ name: 'mini-500' }], problems: 500 },
    });
  });
});
