// @ts-check
import path from 'node:path';

/**
 * Where a suite writes its results: a file named after the npm script that runs it, in the folder `.ci/run` set up for the step.
 * `undefined` outside of `.ci/run`.
 */
export function reportPath() {
  const folder = process.env['PEERPOOL_REPORTS'];
  const script = process.env['npm_lifecycle_event'];
  if (folder === undefined || script === undefined) return undefined;
  return path.join(folder, `${script.replaceAll(':', '-')}.json`);
}

/** The exit code of a check that can't be done here (EX_TEMPFAIL of sysexits.h): it has neither passed nor failed. */
export const NOT_DONE = 75;
