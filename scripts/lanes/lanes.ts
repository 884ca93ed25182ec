import { globSync } from 'node:fs';

/** Test files that run one after another in a mocha process of their own, beside the other lanes. */
export interface Lane {
  readonly name: string;
  /** Relative to the project's root, in the order in which they run. */
  readonly files: readonly string[];
}

/** What a lane takes, as globs; a file goes to the first lane that asks for it. */
export type LanePlan = readonly { readonly name: string; readonly takes: readonly string[] }[];

/**
 * The whole suite. Most tests wait for real time to pass, so two lanes side by side cost little on two cores; a third one
 * made what listens in real time late. Browsers, which do not wait, are in one of them. Balanced by measured time.
 */
export const wholeSuite: LanePlan = [
  {
    name: 'browser',
    takes: [
      'test/browser/**/*.test.ts',
      'test/{unit,architecture}/**/*.test.ts',
      'test/integration/{embedded-mongo,embedded-s3,kernel,setup}/**/*.test.ts',
    ],
  },
  { name: 'media', takes: ['test/media/**/*.test.ts', 'test/integration/**/*.test.ts'] },
];

/** Everything that a plan is to cover. */
export const everyTest = 'test/{unit,architecture,integration,media,browser}/**/*.test.ts';

/** @throws Error when a file is in no lane, or a lane has nothing to run: then the plan is wrong */
export function lanesOf(plan: LanePlan, root: string, every = everyTest): Lane[] {
  const left = new Set(globSync(every, { cwd: root }));
  const lanes = plan.map(({ name, takes }) => {
    const files = takes
      .flatMap((glob) => globSync(glob, { cwd: root }).sort())
      .filter((file) => left.delete(file));
    if (files.length === 0) throw new Error(`the lane ${name} has no tests`);
    return { name, files };
  });
  if (left.size > 0) throw new Error(`in no lane: ${[...left].sort().join(', ')}`);
  return lanes;
}
