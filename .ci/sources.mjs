// @ts-check
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Every TypeScript file of the house, tests included, as paths from the top: what git tracks or would track. */
export function sources() {
  const listed = execFileSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', '--', '*.ts', '*.tsx'],
    {
      encoding: 'utf8',
    },
  );
  return listed.split('\n').filter((file) => file !== '' && existsSync(file));
}
