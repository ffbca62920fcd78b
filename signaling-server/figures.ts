/** What has happened since the start. Plain numbers: they are added to for every packet. */
export interface Figures {
  readonly joins: number;
  /** Passed on. */
  readonly signals: number;
  /** Of packets, as socket.io reads and writes them: a character counts as one, and HTTP, frames and TLS as nothing. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export type Counters = { -readonly [Name in keyof Figures]: number };

export function counters(): Counters {
  return { joins: 0, signals: 0, bytesIn: 0, bytesOut: 0 };
}
