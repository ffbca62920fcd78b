import type { Delivery } from '../../errors.ts';
import type { Packet } from '../../packers/packer.ts';

/** One life of a tab, as its messages know it. */
export interface Correspondent {
  readonly name: string;
  readonly instance: string;
  /** Whoever was killed does not settle any more what it began. */
  readonly killed: boolean;
}

interface Letter {
  readonly number: number;
  readonly from: Correspondent;
  readonly to: string;
  readonly queue: string;
  /** The ledger's own clock: what was written down before what. */
  readonly sent: number;
  arrived: { readonly at: Correspondent; readonly time: number } | undefined;
  settled: { readonly delivery: Delivery | 'delivered'; readonly time: number } | undefined;
}

/** Counted over all letters. All but `sent` are to be zero. */
export interface Losses {
  readonly sent: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
  readonly unsettled: number;
}

/** Every message that was sent, what its sender was told, and where it arrived. */
export class Ledger {
  readonly #letters: Letter[] = [];
  #time = 0;
  #duplicated = 0;
  readonly #complaints: string[] = [];

  /** The packet carries its number. */
  write(
    from: Correspondent,
    to: string,
    queue: string,
    bytes: number,
  ): { readonly packet: Packet; settle: (delivery: Delivery | 'delivered') => void } {
    const number = this.#letters.length;
    const letter: Letter = { number, from, to, queue, sent: this.#time++, arrived: undefined, settled: undefined };
    this.#letters.push(letter);
    const head = new Uint8Array(Math.max(4, bytes));
    new DataView(head.buffer).setUint32(0, number);
    return {
      packet: { head, segments: [] },
      settle: (delivery) => {
        letter.settled = { delivery, time: this.#time++ };
      },
    };
  }

  read(
    at: Correspondent,
    from: { readonly name: string; readonly instance: string },
    queue: string,
    packet: Packet,
  ): void {
    const { head } = packet;
    const number = new DataView(head.buffer, head.byteOffset).getUint32(0);
    const letter = this.#letters[number];
    if (
      letter === undefined ||
      letter.from.instance !== from.instance ||
      letter.to !== at.name ||
      letter.queue !== queue
    ) {
      this.#complaints.push(`${at.instance} read message ${number} as one of ${from.instance}`);
    } else if (letter.arrived !== undefined) {
      this.#duplicated++;
      this.#complaints.push(`message ${number} from ${from.instance} arrived twice, last at ${at.instance}`);
    } else letter.arrived = { at, time: this.#time++ };
  }

  /** Sent by somebody who was not killed, and not settled yet. */
  pending(): readonly { readonly number: number; readonly from: Correspondent; readonly to: string }[] {
    return this.#letters.filter(({ settled, from }) => settled === undefined && !from.killed);
  }

  /** What went wrong, if anything did. */
  judge(): Losses & { readonly complaints: readonly string[] } {
    const complaints = [...this.#complaints];
    let lost = 0;
    let reordered = 0;
    const streams = new Map<string, Letter[]>();
    for (const letter of this.#letters) {
      const { number, from, to, queue, arrived, settled } = letter;
      if (settled?.delivery === 'delivered' && arrived === undefined) {
        lost++;
        complaints.push(`message ${number} from ${from.instance} to ${to} was acknowledged and did not arrive`);
      }
      if (settled?.delivery === 'none' && arrived !== undefined) {
        complaints.push(
          `message ${number} from ${from.instance} to ${to} arrived, and its sender was told that it can't have`,
        );
      }
      const key = `${from.instance}>${to}/${queue}`;
      const stream = streams.get(key) ?? [];
      streams.set(key, stream);
      stream.push(letter);
    }
    for (const stream of streams.values()) {
      // When the sender knew of all earlier ones that did not arrive that they would not.
      let given = Number.NEGATIVE_INFINITY;
      // One who was given up, frozen perhaps, may read what it has when its successor has read more.
      const last = new Map<string, number>();
      for (const { number, from, to, arrived, sent, settled } of stream) {
        if (arrived === undefined) {
          given = Math.max(given, settled?.time ?? Number.POSITIVE_INFINITY);
          continue;
        }
        const { instance } = arrived.at;
        if (arrived.time < (last.get(instance) ?? 0)) {
          reordered++;
          complaints.push(`message ${number} from ${from.instance} to ${to} arrived before an earlier one`);
        }
        last.set(instance, arrived.time);
        if (given < sent) continue;
        lost++;
        complaints.push(
          `message ${number} from ${from.instance} to ${to} arrived, and one before it in the same session did not`,
        );
        given = Number.NEGATIVE_INFINITY;
      }
    }
    const pending = this.pending();
    for (const { number, from, to } of pending)
      complaints.push(`message ${number} from ${from.instance} to ${to} was never settled`);
    return {
      sent: this.#letters.length,
      lost,
      duplicated: this.#duplicated,
      reordered,
      unsettled: pending.length,
      complaints,
    };
  }
}
