// Progress: shares of the whole, and a time left that goes by this invocation's own speed.
import { afterEach, expect, it, vi } from 'vitest';
import { WorkProgress } from '../../src/cli/work-progress.js';

afterEach(() => void vi.useRealTimers());

it('tells the share that is done and the time that the rest takes at this speed', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const progress = new WorkProgress([30, 70]);
  expect(progress.text()).toBe('0.0%');
  // An earlier invocation did a half; nothing is known of how fast this one is.
  progress.add(50, true);
  expect(progress.text()).toBe('50.0%');
  vi.advanceTimersByTime(4000);
  progress.add(10, false);
  expect(progress.text()).toBe('60.0%, about 16.0 s left');
  vi.advanceTimersByTime(4000);
  progress.add(40, false);
  expect(progress.text()).toBe('100.0%, about 0.00 s left');
});

it('has nothing to do where there is no work', () => {
  expect(new WorkProgress([]).text()).toBe('100.0%');
});
