import { fileURLToPath } from 'node:url';
import { Child } from './child.ts';
import type { Make } from './clients.ts';
import type { Site } from './contenders.ts';
import { type GeneratorPlan, type Order, type Report, ROOM_SIZE } from './generator.ts';

const script = fileURLToPath(new URL('generator.mjs', import.meta.url));

/** The peers of one site, in as many processes as it takes to keep its server busy. */
export class Load {
  readonly #generators: readonly Child[];

  private constructor(generators: readonly Child[]) {
    this.#generators = generators;
  }

  static async start({ dialect, servers }: Site, make: Make, processes: number): Promise<Load> {
    const generators = Array.from({ length: processes }, (_, number) => {
      const plan: GeneratorPlan = { dialect, make, servers, number };
      return new Child(script, [JSON.stringify(plan)]);
    });
    await Promise.all(generators.map((generator) => generator.said(/ready (now)/)));
    return new Load(generators);
  }

  /** Until so many more are there: whole rooms in each process, so a few more at times. */
  join(count: number, inFlight: number): Promise<Report> {
    return this.#all({ do: 'join', count: this.#share(count, ROOM_SIZE), inFlight: this.#share(inFlight) });
  }

  saturate(inFlight: number, seconds: number): Promise<Report> {
    return this.#all({ do: 'saturate', inFlight: this.#share(inFlight), seconds });
  }

  pace(rate: number, seconds: number): Promise<Report> {
    return this.#all({ do: 'pace', rate: rate / this.#generators.length, seconds });
  }

  async leave(): Promise<void> {
    await Promise.all(this.#generators.map((generator) => generator.leave()));
  }

  async #all(order: Order): Promise<Report> {
    const reports = await Promise.all(this.#generators.map((generator) => generator.ask<Report>(order)));
    const sum = (part: (report: Report) => number): number => reports.reduce((all, report) => all + part(report), 0);
    return {
      count: sum(({ count }) => count),
      seconds: Math.max(...reports.map(({ seconds }) => seconds)),
      latencies: reports.flatMap(({ latencies }) => latencies),
      cpu: sum(({ cpu }) => cpu),
    };
  }

  #share(whole: number, multiple = 1): number {
    return Math.ceil(whole / this.#generators.length / multiple) * multiple;
  }
}
