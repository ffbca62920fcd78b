import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, type Socket } from 'socket.io';
import {
  type ClientToServerEvents,
  type JoinRequest,
  type Member,
  type ServerToClientEvents,
  SIGNALING_PATH,
} from '#shared/signaling';
import { type Attack, type Delivery, type Letter, type Origin, relayed } from './attack.ts';

type Wire = Socket<ClientToServerEvents<unknown>, ServerToClientEvents<unknown>>;

interface Visitor {
  readonly member: Member;
  readonly socket: Wire;
}

/** After every honest instance, so that whoever meets it calls it. */
const LAST = '~';

/** A signaling server that means ill. It takes everybody in, under any name and into one room, remembers whatever it is told, and does with signals as its attack says. */
export class HostileServer {
  /** Everything that was signaled, as it came. */
  readonly letters: Letter[] = [];
  /** What was done with it. `withheld` counts signals in whose place nothing was delivered at once. */
  readonly counts: Record<Origin | 'withheld', number> = {
    relayed: 0,
    altered: 0,
    replayed: 0,
    injected: 0,
    withheld: 0,
  };
  readonly #attack: Attack;
  readonly #visitors: Visitor[] = [];
  readonly #joins: JoinRequest[] = [];
  readonly #http = createServer((_, response) => response.writeHead(404).end());
  readonly #io = new Server<ClientToServerEvents<unknown>, ServerToClientEvents<unknown>>(this.#http, {
    path: SIGNALING_PATH,
    addTrailingSlash: false,
    serveClient: false,
    cors: { origin: '*' },
  });
  /** Who was invented to be called, and who waits for that. */
  readonly #nobodies = new Map<string, () => void>();

  private constructor(attack: Attack) {
    this.#attack = attack;
    this.#io.on('connection', (socket) => this.#visited(socket));
  }

  static async start(attack: Attack = {}): Promise<HostileServer> {
    const server = new HostileServer(attack);
    await new Promise<void>((resolve, reject) => {
      server.#http.once('error', reject);
      server.#http.listen(0, '127.0.0.1', resolve);
    });
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  /** All it was ever told, as one text; of binary, each byte is a character. */
  get overheard(): string {
    return JSON.stringify([this.#joins, this.letters], (_, value: unknown) => legible(value));
  }

  deliver({ from, to, signal, origin }: Delivery): void {
    this.counts[origin]++;
    this.#socketOf(to)?.emit('signal', from, signal);
  }

  /** Tells one that another has come. */
  announce(member: Member, to: Member): void {
    this.#socketOf(to)?.emit('joined', member);
  }

  /** Tells one that another has gone. */
  dismiss(member: Member, to: Member, reason: 'left' | 'closed'): void {
    this.#socketOf(to)?.emit('left', member, reason);
  }

  /** Resolves when this one has looked at everything that was delivered to it: it calls somebody of whom it was told last, and who is not there. It has to be one who discovers. */
  async digested(by: Member): Promise<void> {
    const number = this.#nobodies.size;
    const nobody = { name: `nobody-${number}`, instance: `${LAST}${number}` };
    const called = new Promise<void>((resolve) => this.#nobodies.set(nobody.instance, resolve));
    this.announce(nobody, by);
    await called;
    this.dismiss(nobody, by, 'left');
  }

  async close(): Promise<void> {
    await this.#io.close();
  }

  #visited(socket: Wire): void {
    socket.on('join', (request, reply) => {
      const member = { name: request.name, instance: request.instance };
      this.#joins.push(request);
      const others = [...this.#visitors];
      this.#visitors.push({ member, socket });
      reply({ ok: true, members: others.flatMap((other) => this.#shown(other.member, member) ?? []) });
      for (const other of others) {
        const shown = this.#shown(member, other.member);
        if (shown !== undefined) other.socket.emit('joined', shown);
      }
      socket.on('signal', (to, signal) => this.#relay({ from: member, to, signal }));
      socket.on('leave', () => socket.disconnect(true));
      socket.once('disconnect', () => this.#gone(member));
    });
  }

  #relay(letter: Letter): void {
    const called = this.#nobodies.get(letter.to.instance);
    if (called !== undefined) return called();
    this.letters.push(letter);
    const deliver = (delivery: Delivery): void => this.deliver(delivery);
    const deliveries = this.#attack.relay?.(letter, deliver) ?? [relayed(letter)];
    if (deliveries.length === 0) this.counts.withheld++;
    for (const delivery of deliveries) deliver(delivery);
  }

  #gone(member: Member): void {
    const index = this.#visitors.findIndex((visitor) => visitor.member.instance === member.instance);
    this.#visitors.splice(index, 1);
    for (const { member: other, socket } of this.#visitors) {
      const shown = this.#shown(member, other);
      if (shown !== undefined) socket.emit('left', shown, 'left');
    }
  }

  #shown(member: Member, to: Member): Member | undefined {
    return this.#attack.show === undefined ? member : this.#attack.show(member, to);
  }

  #socketOf({ instance }: Member): Wire | undefined {
    return this.#visitors.find(({ member }) => member.instance === instance)?.socket;
  }
}

/** socket.io hands out a Buffer, whose own `toJSON` comes before this. */
function legible(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { type, data } = value as { readonly type?: unknown; readonly data?: unknown };
  return type === 'Buffer' && Array.isArray(data) ? Buffer.from(data as number[]).toString('latin1') : value;
}
