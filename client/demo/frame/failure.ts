import { PoolError } from 'peerpool';
import { listText } from './figures.ts';

/** Why a run came to nothing, for who looks at the page. */
export function runFailureText(error: unknown): string {
  if (!(error instanceof PoolError)) return error instanceof Error ? error.message : String(error);
  const whom = error.missing.length > 0 ? listText(error.missing) : (error.peer ?? 'somebody');
  switch (error.code) {
    case 'timeout':
      return `${whom} did not answer in time`;
    case 'peer-left':
    case 'unknown-peer':
    case 'unreachable':
      return `${whom} left`;
    case 'malformed':
      return `${whom} sent what makes no sense`;
    case 'closed':
    case 'illegal-state':
      return 'you left the room';
    default:
      return error.detail;
  }
}
