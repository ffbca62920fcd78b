import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Farewell, parseFarewell } from './requests.ts';
import { ownership } from './rooms/rooms.ts';
import { oust } from './reach.ts';
import type { House } from './visit.ts';

/** A room, a name, an instance and a key have no more, in bytes of JSON. */
const MOST_BYTES = 4096;

/**
 * Answers a beacon: the goodbye of a page that may be gone before its socket has carried one. It can come before the
 * socket closes and after; then the others, who have heard that it closed, hear that it left.
 */
export async function farewell(request: IncomingMessage, response: ServerResponse, house: House): Promise<void> {
  const { io, rooms, observe } = house;
  let said: Farewell;
  try {
    said = parseFarewell(await body(request));
  } catch {
    response.writeHead(400).end();
    return;
  }
  try {
    const { room, name, instance, key } = said;
    const vacated = await rooms.vacate(room, { name, instance, proof: ownership(key) });
    if (vacated !== undefined) {
      const { socket } = vacated;
      observe({ type: 'left', room, member: { name, instance }, reason: 'left' });
      if (socket !== undefined) oust(io, socket);
    }
    // Whether there was somebody is nobody's business.
    response.writeHead(204).end();
  } catch (error) {
    observe({ type: 'fault', error });
    response.writeHead(503).end();
  }
}

async function body(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new RangeError('too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
