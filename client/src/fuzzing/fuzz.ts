import { Random } from '../session/testing/random.ts';
import { EnvelopesTarget } from './envelopes-target.ts';
import { FramesTarget } from './frames-target.ts';
import { HelloTarget } from './hello-target.ts';
import { PackerTarget } from './packer-target.ts';
import { prototypes } from './prototypes.ts';
import { SignalingTarget } from './signaling-target.ts';
import type { Target } from './target.ts';

const TARGETS: Readonly<Record<string, () => Target>> = {
  frames: () => new FramesTarget(),
  hello: () => new HelloTarget(),
  envelopes: () => new EnvelopesTarget(),
  packer: () => new PackerTarget(),
  signaling: () => new SignalingTarget(),
};

/** In ms. An input takes less than one; what takes so long on a busy machine has something in it that grows faster than the input. */
const LONGEST = 3_000;

/** What is rejected and heard by nobody is known after so many inputs, and what they did to all objects. */
const TURN = 50;

export interface Span {
  readonly target: string;
  readonly seed: number;
  /** The number of the first. */
  readonly from: number;
  readonly inputs: number;
  /** What was rejected and nobody handled, since it was asked last. */
  readonly unhandled: () => string | undefined;
  /** Told before each, so that somebody else can see which one does not end. */
  readonly begin: (input: number) => void;
}

export interface Failure {
  readonly input: number;
  readonly text: string;
  /** What was handed in, in base 16 or as it is. */
  readonly given: readonly string[];
}

/** Inputs one after the other, until one of them shows something that should not be. Each has numbers of its own, drawn from the seed and its place. */
export async function fuzz({ target: name, seed, from, inputs, unhandled, begin }: Span): Promise<Failure | undefined> {
  const make = TARGETS[name];
  if (make === undefined) throw new RangeError(`there is no target "${name}"`);
  const target = make();
  // Every refusal is an error, and its stack costs more than all else that becomes of it. One input alone is there to be looked at.
  const { stackTraceLimit } = Error;
  if (inputs > 1) Error.stackTraceLimit = 0;
  const pollution = prototypes();
  try {
    for (let input = from; input < from + inputs; input++) {
      const given: (Uint8Array | string)[] = [];
      const failed = (text: string): Failure => ({ input, text, given: given.map(shown) });
      const began = performance.now();
      begin(input);
      try {
        const work = target.input(new Random(Math.imul(seed, 0x9e3779b1) + input), (one) => given.push(one));
        if (work !== undefined) await work;
      } catch (error) {
        return failed(error instanceof Error ? `${error.name}: ${error.message}\n${error.stack ?? ''}` : String(error));
      }
      const took = performance.now() - began;
      if (took > LONGEST) return failed(`it took ${Math.round(took)} ms`);
      const polluted = pollution(false);
      if (polluted !== undefined) return failed(polluted);
      if (input % TURN !== 0 && input + 1 < from + inputs) continue;
      await new Promise((resolve) => setImmediate(resolve));
      const rejected = unhandled();
      const wrong = rejected === undefined ? pollution(true) : `nobody handles ${rejected}`;
      if (wrong !== undefined) return failed(`of this input or one of the ${TURN} before: ${wrong}`);
    }
    return undefined;
  } finally {
    await target.close?.();
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function shown(given: Uint8Array | string): string {
  if (typeof given === 'string') return given;
  return Array.from(given, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
