import type { Pool } from 'peerpool';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Training {
  /** No two trainings have the same one: their messages never meet. */
  readonly id: string;
  /** Who learns together, this pool among them; the same names everywhere. */
  readonly parties: readonly string[];
  readonly rounds: number;
}

/** What one party tells the others in a round: parameters, and of how many points. Never a point. */
export interface Update {
  readonly parameters: Float64Array;
  readonly points: number;
}

/**
 * Federated averaging (McMahan and others 2017) of a line `y = a x + b`: in each round every party improves the common parameters on points of its own, and all take the average, weighted by how many
 * points each has. The result is the same in every tab, bit for bit, because all add in the order of the names. The parameters tell something of the points; who needs more adds noise, or a secure sum.
 * @throws PoolError when somebody leaves or does not answer in time
 */
export async function train(
  pool: Pool,
  points: readonly Point[],
  { id, parties, rounds }: Training,
  onRound: (parameters: Float64Array, round: number) => void = () => {},
): Promise<Float64Array> {
  const others = parties.filter((name) => name !== pool.name);
  let parameters = new Float64Array(2);
  for (let round = 1; round <= rounds; round++) {
    const msgId = `update ${id} ${round}`;
    const mine: Update = { parameters: improved(parameters, points), points: points.length };
    const sent = pool.broadcast(mine, { recipients: others, msgId });
    const [theirs] = await Promise.all([pool.recvAll({ senders: others, msgId, parse: toUpdate }), sent]);
    parameters = average(new Map([...theirs, [pool.name, mine]]));
    onRound(parameters, round);
  }
  return parameters;
}

/** So many steps down the gradient of the mean squared error, of this length. */
const STEPS = 5;
const RATE = 0.2;

export function improved(parameters: Float64Array, points: readonly Point[]): Float64Array<ArrayBuffer> {
  let [a = 0, b = 0] = parameters;
  for (let step = 0; step < STEPS && points.length > 0; step++) {
    let [slope, offset] = [0, 0];
    for (const { x, y } of points) {
      const error = a * x + b - y;
      slope += error * x;
      offset += error;
    }
    a -= (RATE * slope) / points.length;
    b -= (RATE * offset) / points.length;
  }
  return Float64Array.of(a, b);
}

/** In the order of the names: floating-point sums depend on it. */
export function average(updates: ReadonlyMap<string, Update>): Float64Array<ArrayBuffer> {
  const sum = new Float64Array(2);
  let weight = 0;
  for (const [, { parameters, points }] of [...updates].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const [index, parameter] of parameters.entries()) sum[index] = (sum[index] ?? 0) + parameter * points;
    weight += points;
  }
  return weight === 0 ? sum : sum.map((parameter) => parameter / weight);
}

/** What another program sent is checked before it is added. */
function toUpdate(value: unknown): Update {
  const { parameters, points } = Object(value) as Partial<Record<keyof Update, unknown>>;
  if (!(parameters instanceof Float64Array) || parameters.length !== 2 || !parameters.every(Number.isFinite))
    throw new TypeError('not two finite parameters');
  if (typeof points !== 'number' || !Number.isSafeInteger(points) || points < 0)
    throw new TypeError('not a number of points');
  return { parameters, points };
}
