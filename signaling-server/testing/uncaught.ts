/** What nobody caught in this process, from `watch` to `leave`. */
export const uncaught: unknown[] = [];

const note = (error: unknown): void => void uncaught.push(error);

export function watchUncaught(): void {
  process.on('uncaughtException', note);
  process.on('unhandledRejection', note);
}

export function leaveUncaught(): void {
  process.off('uncaughtException', note);
  process.off('unhandledRejection', note);
}
