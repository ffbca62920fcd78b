import { PoolError, type PoolErrorCode } from '../errors.ts';

/** One error for what several peers failed at: with their common code, else `partial`. `missing` defaults to those that failed. */
export function severalErrors(
  what: string,
  errors: ReadonlyMap<string, PoolError>,
  missing: readonly string[] = [...errors.keys()],
): PoolError {
  const codes = new Set<PoolErrorCode>([...errors.values()].map((error) => error.code));
  const [common = 'partial'] = codes;
  const why = [...errors].map(([peer, error]) => `${peer}: ${error.message}`).join('; ');
  return new PoolError(codes.size === 1 ? common : 'partial', `${what} (${why})`, { missing, errors });
}
