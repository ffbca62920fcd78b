import type { Pool } from 'peerpool';

/** Sums are modulo this. A residue has 128 bits, and a share is 128 random bits: all residues are equally likely, without rounding or rejection. */
export const MODULUS = 2n ** 128n;

export interface Round {
  /** No two rounds have the same one: messages of different rounds never meet. */
  readonly id: string;
  /** Who adds up, this pool among them; the same names everywhere. */
  readonly parties: readonly string[];
  /** Hears of everything that leaves and that arrives, as it does. */
  readonly watch?: (parcel: Parcel) => void;
}

/** A number on its way from one party to another, modulo 2^128: a share, which alone is nothing but random, or a sum of shares. */
export interface Parcel {
  readonly what: 'share' | 'partial';
  readonly from: string;
  readonly to: string;
  readonly value: bigint;
}

/**
 * The sum of everybody's secrets modulo 2^128, by additive shares (Ben-Or, Goldwasser, Wigderson 1988, in its simplest form). Each party cuts its secret into as many shares as there are parties:
 * all but one are drawn at random, and the last, which stays at home, makes the sum right. Who adds up the shares it holds learns nothing of any secret, and the sum of these sums is the result.
 *
 * Protects against parties that are curious and follow the protocol, however many put together what they saw: it tells them the sum of the others' secrets, which the result tells them anyway, and
 * nothing else. So with two parties each learns the other's secret. It does not protect against parties that lie or send different partial sums to different parties; and who gives
 * the same secret to two rounds of different parties shows them the difference of the two sums.
 * @throws PoolError when somebody leaves or does not answer in time; another may have the sum nevertheless, and nobody has more
 */
export async function secureSum(pool: Pool, secret: bigint, { id, parties, watch }: Round): Promise<bigint> {
  const others = parties.filter((name) => name !== pool.name);
  const given = others.map(() => randomResidue());
  const kept = secret - total(given);

  const sends = others.map((name, index) => {
    const share = given[index] ?? 0n;
    watch?.({ what: 'share', from: pool.name, to: name, value: share });
    return pool.send(name, share, `share ${id}`);
  });
  const received = pool.recvAll({ senders: others, msgId: `share ${id}`, parse: residue });
  const [shares] = await Promise.all([received, ...sends]);
  for (const [from, value] of shares) watch?.({ what: 'share', from, to: pool.name, value });
  const partial = modulo(kept + total(shares.values()));

  for (const to of others) watch?.({ what: 'partial', from: pool.name, to, value: partial });
  const result = pool.broadcast(partial, { recipients: others, msgId: `partial ${id}` });
  const [partials] = await Promise.all([
    pool.recvAll({ senders: others, msgId: `partial ${id}`, parse: residue }),
    result,
  ]);
  for (const [from, value] of partials) watch?.({ what: 'partial', from, to: pool.name, value });
  return modulo(partial + total(partials.values()));
}

/** Sixteen bytes of the browser's cryptographic generator. `Math.random` has 52 bits, and who sees a few of its numbers knows the next. */
function randomResidue(): bigint {
  const [high = 0n, low = 0n] = crypto.getRandomValues(new BigUint64Array(2));
  return (high << 64n) | low;
}

function modulo(value: bigint): bigint {
  return BigInt.asUintN(128, value);
}

function total(values: Iterable<bigint>): bigint {
  let sum = 0n;
  for (const value of values) sum += value;
  return sum;
}

/** What another program sent is checked before it is added. */
function residue(value: unknown): bigint {
  if (typeof value === 'bigint' && modulo(value) === value) return value;
  throw new TypeError('not a whole number from 0 to 2^128 - 1');
}
