interface Request {
  readonly lock: string;
  readonly mode: LockMode;
  grant(): void;
}

/** Web Locks as the standard has them: granted later, in turn, shared ones together; `kill` is what a browser does when a page ends. */
export class FakeLocks {
  #held: Request[] = [];
  #queue: Request[] = [];
  readonly #breaks = new Map<Request, (error: Error) => void>();

  /** How long the browser takes to answer, in ms. */
  slowness = 0;

  get manager(): LockManager {
    return this as unknown as LockManager;
  }

  async request(lock: string, options: LockOptions, callback: (lock: Lock | null) => unknown): Promise<unknown> {
    if (this.slowness > 0) await new Promise((resolve) => setTimeout(resolve, this.slowness));
    const { mode = 'exclusive', signal, ifAvailable } = options;
    const apart = (other: Request): boolean => other.lock !== lock || (mode === 'shared' && other.mode === 'shared');
    if (ifAvailable === true && ![...this.#held, ...this.#queue].every(apart)) return callback(null);
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const request: Request = {
        lock,
        mode,
        grant: () => {
          this.#breaks.set(request, reject);
          Promise.resolve(callback({ name: lock, mode }))
            .then(resolve, reject)
            .finally(() => this.#drop(request));
        },
      };
      signal?.addEventListener('abort', () => {
        if (!this.#queue.includes(request)) return;
        this.#drop(request);
        reject(signal.reason as Error);
      });
      this.#queue.push(request);
      queueMicrotask(() => this.#grant());
    });
  }

  /** The page that holds the locks with these ends ended, and its promises with it. */
  kill(...ends: readonly string[]): void {
    for (const request of this.#held.filter(({ lock }) => ends.some((end) => lock.endsWith(end)))) this.#drop(request);
  }

  steal(lock: string): void {
    for (const request of this.#held.filter((held) => held.lock === lock)) {
      this.#drop(request);
      this.#breaks.get(request)?.(new DOMException('stolen', 'AbortError'));
    }
  }

  get open(): readonly string[] {
    return [...this.#held, ...this.#queue].map(({ lock }) => lock);
  }

  #drop(request: Request): void {
    this.#held = this.#held.filter((other) => other !== request);
    this.#queue = this.#queue.filter((other) => other !== request);
    queueMicrotask(() => this.#grant());
  }

  #grant(): void {
    for (const request of this.#queue) {
      const free = this.#held.every(
        ({ lock, mode }) => lock !== request.lock || (mode === 'shared' && request.mode === 'shared'),
      );
      if (!free) continue;
      this.#queue = this.#queue.filter((other) => other !== request);
      this.#held.push(request);
      request.grant();
    }
  }
}
