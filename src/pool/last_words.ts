// What workers have printed when the process is about to end. A worker's output
// goes through the main thread's event loop, and it is lost if that ends first.
// https://github.com/nodejs/node/issues/40548

import type { Host } from "../host.ts";
import { stayAlive } from "./alive.ts";
import type { Crew, Member } from "./crew.ts";
import { within } from "./within.ts";

/** A worker that has not answered by then is busy with what nobody awaits. */
const LIMIT_MS = 200;

/** The last words of one pool's workers. */
export class LastWords {
  readonly #host: Host;
  readonly #crew: Crew;
  readonly #calls: () => number;
  /** Calls that were made when the workers were last asked. */
  #heardAt = 0;
  /** Those that have not answered yet. */
  readonly #asked = new Set<Member>();
  #answered: PromiseWithResolvers<void> | undefined;
  /** Ends this object's part. */
  readonly stop: () => void;

  /** @param calls How many were made so far. */
  constructor(host: Host, crew: Crew, calls: () => number) {
    this.#host = host;
    this.#crew = crew;
    this.#calls = calls;
    const hear = () => void this.#hear();
    this.stop = host.onLastTurn?.(hear) ?? (() => {});
  }

  /** Nothing keeps the process alive any more: hears what workers have to say. */
  async #hear(): Promise<void> {
    const calls = this.#calls();
    if (calls === this.#heardAt) return;
    this.#heardAt = calls;
    await stayAlive(this.#host.keepAlive, () => within(this.#ask(), LIMIT_MS));
  }

  async #ask(): Promise<void> {
    for (const member of this.#crew.flush()) this.#asked.add(member);
    if (this.#asked.size === 0) return;
    this.#answered ??= Promise.withResolvers();
    await this.#answered.promise;
  }

  /** A worker has written all that it had, or is gone. */
  heard(member: Member): void {
    if (!this.#asked.delete(member) || this.#asked.size > 0) return;
    this.#answered?.resolve();
    this.#answered = undefined;
  }
}
