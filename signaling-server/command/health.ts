import type { RequestListener } from 'node:http';
import type { Signaling } from '../server.ts';
import type { Metrics } from './metrics.ts';

export interface Watched {
  readonly signaling: Pick<Signaling, 'path' | 'counts' | 'unready'>;
  /** Whether the process has been asked to end. */
  readonly stopping: () => boolean;
  readonly socketsRefused: () => number;
  readonly metrics: Metrics | undefined;
  /** Hears why something could not be looked up; who asked, who may be anybody, does not. */
  readonly failed: (error: unknown) => void;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const PAGES = new Map<string | undefined, (watched: Watched) => Promise<Answer>>([
  ['/healthz', healthz],
  ['/readyz', readyz],
  ['/metrics', metrics],
]);

/** What is not signaling: how it is, and a word for who came here by a browser. */
export function answers(watched: Watched): RequestListener {
  return (request, response) => {
    const [path] = (request.url ?? '').split('?', 1);
    const page = request.method === 'GET' || request.method === 'HEAD' ? PAGES.get(path) : undefined;
    const send = ({ status, type, body }: Answer): void => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
      response.end(body);
    };
    const { path: where } = watched.signaling;
    if (page === undefined) {
      const tells = 'GET /healthz tells how it is';
      return send(sentence(404, `This is a signaling server of peerpool. Clients meet on ${where}; ${tells}.`));
    }
    page(watched).then(send, (error: unknown) => {
      watched.failed(error);
      send(json(503, { status: 'failed', message: 'the log of the server says why' }));
    });
  };
}

/** Whether the process lives: who asks this starts it anew when the answer stays away. */
async function healthz({ signaling, stopping, socketsRefused }: Watched): Promise<Answer> {
  const counts = await signaling.counts();
  const status = stopping() ? 'stopping' : 'ok';
  const body = { status, ...counts, socketsRefused: socketsRefused(), uptime: process.uptime() };
  return json(stopping() ? 503 : 200, body);
}

/** Whether newcomers are welcome: who asks this sends them here, or elsewhere. */
async function readyz({ signaling, stopping }: Watched): Promise<Answer> {
  const reason = signaling.unready() ?? (stopping() ? 'the process is ending' : undefined);
  return reason === undefined ? json(200, { status: 'ready' }) : json(503, { status: 'not-ready', reasons: [reason] });
}

async function metrics({ metrics }: Watched): Promise<Answer> {
  if (metrics === undefined)
    return sentence(404, 'Nothing is measured here; --metrics, or PEERPOOL_METRICS=1, does it.');
  return { status: 200, type: metrics.type, body: await metrics.text() };
}

function json(status: number, body: object): Answer {
  return { status, type: 'application/json', body: `${JSON.stringify(body)}\n` };
}

function sentence(status: number, text: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body: `${text}\n` };
}
