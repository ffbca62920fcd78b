/** What has happened at this server since the start. Plain numbers: they are added to for every packet. */
export interface Figures {
  readonly joins: number;
  /** Who is in a room at present, by a socket of this server. */
  readonly members: number;
  /** Passed on. */
  readonly signals: number;
  /** Of packets, as socket.io reads and writes them: a character counts as one, and HTTP, frames and TLS as nothing. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export type Counters = { -readonly [Name in keyof Figures]: number };

export function counters(): Counters {
  return { joins: 0, members: 0, signals: 0, bytesIn: 0, bytesOut: 0 };
}
