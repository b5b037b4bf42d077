// Timeouts of many calls by one timer of the event loop.

/** A call that is to end by a certain time. */
export interface Deadline {
  /** In milliseconds on the thread's own clock. */
  readonly at: number;
  /** Called when the time has come, unless it was removed. */
  expire(): void;
}

/** Deadlines of one thread, the nearest first. */
export class Deadlines {
  /** A heap: each is no later than those at twice its place, plus 1 or 2. */
  readonly #heap: Deadline[] = [];
  readonly #removed = new Set<Deadline>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAt = Infinity;

  add(deadline: Deadline): void {
    const heap = this.#heap;
    let place = heap.length;
    heap.push(deadline);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (heap[parent]!.at <= deadline.at) break;
      heap[place] = heap[parent]!;
      place = parent;
    }
    heap[place] = deadline;
    this.#arm();
  }

  remove(deadline: Deadline): void {
    this.#removed.add(deadline);
    if (this.#removed.size * 2 > this.#heap.length) this.#sweep();
  }

  /** Takes out those that were removed, when they are the most of them. */
  #sweep(): void {
    const left = this.#heap.filter((it) => !this.#removed.has(it));
    this.#removed.clear();
    if (left.length === 0) return this.clear();
    // In their order they are a heap.
    left.sort((one, other) => one.at - other.at);
    this.#heap.length = 0;
    for (const deadline of left) this.#heap.push(deadline);
  }

  /** Forgets all of them. */
  clear(): void {
    this.#heap.length = 0;
    this.#removed.clear();
    clearTimeout(this.#timer);
    this.#timerAt = Infinity;
  }

  /** Ends those whose time has come. */
  expire(): void {
    const now = performance.now();
    while (this.#heap.length > 0 && this.#heap[0]!.at <= now) {
      const deadline = this.#pop();
      if (!this.#removed.delete(deadline)) deadline.expire();
    }
    this.#arm();
  }

  #pop(): Deadline {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    const { length } = heap;
    if (length === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= length) break;
      if (child + 1 < length && heap[child + 1]!.at < heap[child]!.at) child++;
      if (last.at <= heap[child]!.at) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = last;
    return first;
  }

  #arm(): void {
    const at = this.#heap[0]?.at ?? Infinity;
    if (at >= this.#timerAt || at === Infinity) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    const delay = Math.min(Math.max(at - performance.now(), 0), 0x7fffffff);
    this.#timer = setTimeout(() => {
      this.#timerAt = Infinity;
      this.expire();
    }, Math.ceil(delay));
  }
}
