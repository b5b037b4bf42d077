// What a worker does between tasks: where it looks for the next one, whom it
// wakes, when it may sleep. After Tokio's worker, multi_thread/worker.rs.

import { Caller } from "./caller";
import { Hand, NOTHING } from "./hand";
import { Idle } from "./idle";
import { Inject, inject, isInjected } from "./inject";
import { callerOf, pool, PRIORITIES, taskAt, taskIndex, workerAt } from "./map";
import { RunQueue } from "./run_queue";
import { RUNNING, Task, TASK_IDLE } from "./task";
import { Tally } from "./tally";

/**
 * One task in so many comes from outside, though there are others at hand.
 * Source: tokio, multi_thread: global_queue_interval's seed.
 */
const GLOBAL_INTERVAL: i32 = 61;
/** The priority of what tasks spawn, and of what no caller has said more of. */
const NORMAL: i32 = 1;
/** So many in a row from the LIFO slot. Source: tokio, MAX_LIFO_POLLS_PER_TICK. */
const MAX_LIFO: i32 = 3;

/**
 * A worker. Its run queue's word has the first line, since others steal; the
 * ring lies behind the second.
 */
@unmanaged
export class Worker {
  private queueWord: u64;
  private padding0: u64;
  private padding1: u64;
  private padding2: u64;
  private padding3: u64;
  private padding4: u64;
  private padding5: u64;
  private padding6: u64;
  private padding7: u64;
  private padding8: u64;
  private padding9: u64;
  private padding10: u64;
  private padding11: u64;
  private padding12: u64;
  private padding13: u64;
  private padding14: u64;
  /** Index + 1 of the task that was spawned last; 0 if it is elsewhere. */
  private lifo: i32;
  /** Tasks taken from the LIFO slot in a row. */
  private lifoRuns: i32;
  /** Tasks looked for. */
  private tick: i32;
  private random: i32;
  /** The thread that it is. */
  thread: i32;
  private handEntry: i32;
  private handMarked: i32;

  /** The worker with this index. */
  static of(index: i32): Worker {
    return changetype<Worker>(workerAt(index));
  }

  get queue(): RunQueue {
    return changetype<RunQueue>(changetype<usize>(this));
  }

  private get lifoWord(): usize {
    return changetype<usize>(this) + offsetof<Worker>("lifo");
  }

  get hand(): Hand {
    return changetype<Hand>(
      changetype<usize>(this) + offsetof<Worker>("handEntry"),
    );
  }

  private get index(): i32 {
    return <i32> ((changetype<usize>(this) - workerAt(0)) /
      (workerAt(1) - workerAt(0)));
  }

  private get caller(): Caller {
    return Caller.of(callerOf(this.index));
  }

  private get tally(): Tally {
    return Tally.of(changetype<usize>(this));
  }

  /** Begins, as a thread. */
  open(thread: i32): void {
    this.thread = thread;
    this.lifoRuns = 0;
    this.tick = 0;
    // Any number but 0, and another one for each thread.
    this.random = thread * 0x9e3779b1 | 1;
    this.tally.reset();
    Idle.enter(this.index);
  }

  /** The entry in the LIFO slot; NOTHING if it is empty. */
  get last(): i32 {
    // SeqCst. Pairs with the store in `spawn()`: who brings work looks for
    // searchers, whose last one looks here [I1].
    return atomic.load<i32>(this.lifoWord) - 1;
  }

  /** Removes the entry in a LIFO slot, this worker's or another one's. */
  popLast(from: Worker): i32 {
    const entry = from.last;
    if (entry == NOTHING) return NOTHING;
    this.hand.hold(entry);
    // The entry -> none. One of the owner and thieves wins.
    // Relaxed: the task's own word says what may be done with it.
    const found = atomic.cmpxchg<i32>(from.lifoWord, entry + 1, 0);
    if (found == entry + 1) return entry;
    this.hand.letGo();
    return NOTHING;
  }

  /** Whether there is work that this worker has at hand. */
  get hasWork(): bool {
    return this.last != NOTHING || !this.queue.isEmpty;
  }

  /** Whether there is work that others can steal. */
  get isStealable(): bool {
    return this.last != NOTHING || this.queue.isStealable;
  }

  /** Takes the task of an entry that was removed. Returns its address, or 0. */
  private take(entry: i32): usize {
    const address = taskAt(entry);
    const task = changetype<Task>(address);
    const code = task.take(this.thread);
    this.hand.letGo();
    if (code == RUNNING) return address;
    // Cancelled before it began: that is its end.
    if (code != TASK_IDLE) this.caller.deliver(task);
    return 0;
  }

  /** The next task to run, taken; 0 if there is none. */
  next(): usize {
    this.tick++;
    const isDue = this.tick % GLOBAL_INTERVAL == 0;
    // Lowest first: so each priority gets its turn, whatever comes.
    let task = isDue ? this.takeInjected(PRIORITIES - 1, -1) : 0;
    if (task == 0) task = this.takeFrom(0, 1);
    if (task == 0) task = this.takeLocal();
    if (task == 0) task = this.takeInjected(1, 1);
    if (task == 0) task = this.search();
    if (task != 0) this.endSearch();
    return task;
  }

  /** What this worker has at hand. */
  takeLocal(): usize {
    if (this.lifoRuns >= MAX_LIFO) {
      // For a moment the entry is in no queue. Whoever looks then sees another in
      // this worker's, or else this worker takes it.
      this.shelve();
    } else {
      const entry = this.popLast(this);
      const task = entry != NOTHING ? this.take(entry) : 0;
      if (task != 0) {
        this.lifoRuns++;
        return task;
      }
    }
    this.lifoRuns = 0;
    while (true) {
      const front = this.queue.pop(this.hand);
      if (front == NOTHING) return 0;
      const task = this.take(front);
      if (task != 0) return task;
    }
  }

  /** Moves the entry in the LIFO slot to the queue. */
  private shelve(): void {
    const entry = this.popLast(this);
    if (entry == NOTHING) return;
    this.enqueue(entry);
    this.hand.letGo();
  }

  /**
   * From one injection queue after the other, beginning with the first: one task
   * upwards, while there are others at hand, or a share of them downwards.
   */
  private takeInjected(first: i32, step: i32): usize {
    const most = step < 0 ? 1 : pool().ring >> 1;
    for (
      let priority = first;
      priority >= 0 && priority < PRIORITIES;
      priority += step
    ) {
      const task = this.takeFrom(priority, most);
      if (task != 0) return task;
    }
    return 0;
  }

  /** A task of this priority; a share of the others comes into the queue. */
  private takeFrom(priority: i32, most: i32): usize {
    const inject = Inject.of(priority);
    while (!inject.isEmpty) {
      const queue = this.queue;
      const share = inject.length / max(Idle.active, 1) + 1;
      const room = min(queue.room, most);
      // The queue is full: what it holds comes first.
      if (room == 0) return 0;
      const count = inject.takeInto(queue, min(share, room), this.hand);
      if (count == 0) return 0;
      this.tally.countInjected(count);
      const task = count == 1 ? this.take(queue.placed(0)) : this.share(count);
      this.hand.marked = 0;
      if (task != 0) return task;
    }
    return 0;
  }

  /** Takes placed entries into the queue, and the first of its tasks. */
  private share(count: i32): usize {
    this.queue.publish(count);
    // For a moment they were in no queue, and nobody saw them.
    wakeOne(this.caller);
    return this.takeLocal();
  }

  /** Looks for work that others have. */
  private search(): usize {
    const index = this.index;
    if (!Idle.isSearching(index) && !Idle.search(index)) return 0;
    const workers = Idle.span;
    const start = <i32> (<u32> this.draw() % <u32> workers);
    for (let offset = 0; offset < workers; offset++) {
      const victim = (start + offset) % workers;
      if (victim == index) continue;
      const task = this.steal(Worker.of(victim));
      if (task != 0) return task;
    }
    return this.takeInjected(0, 1);
  }

  /** xorshift32. Source: Marsaglia, Xorshift RNGs, 2003. */
  private draw(): i32 {
    let seed = this.random;
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    this.random = seed;
    return seed;
  }

  private steal(victim: Worker): usize {
    const queue = this.queue;
    // With half of the queue free, half of another one has a place.
    if (queue.room * 2 < pool().ring) return 0;
    const count = victim.queue.stealInto(this.index, queue);
    if (count != 0) {
      // Added here before they are removed there: a thief that dies between has
      // left them in both.
      queue.publish(count);
      victim.queue.endSteal();
      this.tally.countStolen(count);
      const task = this.takeLocal();
      if (task != 0) return task;
    }
    const last = this.popLast(victim);
    const task = last != NOTHING ? this.take(last) : 0;
    if (task != 0) this.tally.countStolen(1);
    return task;
  }

  /** There is work: the last searcher that finds some wakes the next one. */
  endSearch(): void {
    const index = this.index;
    if (Idle.isSearching(index) && Idle.found(index)) wakeOne(this.caller);
  }

  /** Makes a task of this worker's the one that it runs next. */
  spawn(task: Task): void {
    const entry = taskIndex(changetype<usize>(task));
    this.shelve();
    this.hand.hold(entry);
    task.submit();
    // None -> this entry. Only this worker fills the slot.
    // SeqCst. Pairs with the load in `last` [I1].
    atomic.store<i32>(this.lifoWord, entry + 1);
    this.hand.letGo();
    wakeOne(this.caller);
  }

  /** Adds an entry at the back of the queue, or sends half of it away. */
  private enqueue(entry: i32): void {
    const queue = this.queue;
    while (!queue.push(entry)) {
      if (this.overflow()) continue;
      // A thief makes room, but not at once.
      inject(entry, NORMAL);
      return;
    }
  }

  /**
   * Sends the second half of a full queue away, as Tokio does (#8029). Returns
   * false if a thief is at work.
   */
  private overflow(): bool {
    const queue = this.queue;
    if (!queue.lock(this.index)) return false;
    // Thieves may have made room since the owner found none.
    const removed = queue.room == 0 ? pool().ring >> 1 : 0;
    if (removed != 0) this.tally.countOverflow();
    // Added there before they are removed here.
    for (let places = removed; places > 0; places--) {
      inject(queue.fromBack(places), NORMAL);
    }
    queue.unlock(removed);
    return true;
  }

  /**
   * Takes a task that this worker has spawned, wherever it is queued. Returns
   * whether it is the worker's to run.
   */
  takeBack(task: Task): bool {
    const entry = taskIndex(changetype<usize>(task));
    const isHere = this.last == entry
      ? this.popLast(this) != NOTHING
      : this.queue.popBack(entry, this.hand);
    return isHere ? this.take(entry) != 0 : task.takeDirectly(this.thread);
  }

  /**
   * Leaves a task to others that this worker has taken and does not run. Its
   * owner is woken, too: it may wait, blocked, for a task that had begun.
   */
  giveBack(task: Task): void {
    const caller = this.caller;
    // Before others can finish the task, and it is somebody else's.
    const owner = task.ownedBy;
    submit(task, NORMAL, callerOf(this.index));
    wakeOne(caller);
    // The creator waits for none, and of an orphan nobody wants to know.
    if (owner > 1) caller.unpark(Caller.of(owner - 1));
  }

  /** The worker is to sleep. Returns false if it has work at hand. */
  park(): bool {
    if (this.hasWork) return false;
    if (Idle.park(this.index)) wakeForWork(this.caller);
    return true;
  }

  /** The worker ends, awake. What it has at hand is for others to steal. */
  close(): void {
    if (Idle.leave(this.index)) wakeForWork(this.caller);
  }
}

/** Submits a caller's task to whichever worker comes first. */
export function submit(task: Task, priority: i32, caller: i32): void {
  const entry = taskIndex(changetype<usize>(task));
  // With the pool's creator the pool ends; what a worker leaves is repaired.
  if (caller > 0) Worker.of(caller - 1).hand.hold(entry);
  task.submit();
  inject(entry, priority);
  if (caller > 0) Worker.of(caller - 1).hand.letGo();
}

/** Submits tasks of the pool's creator that are linked, from this one on. */
export function submitAll(first: usize, priority: i32): void {
  let rest = Inject.of(priority).pushAll(first);
  while (rest != 0) {
    const task = changetype<Task>(rest);
    rest = task.next;
    submit(task, priority, 0);
  }
}

/** Wakes a worker, if nobody searches and somebody sleeps. */
export function wakeOne(by: Caller): void {
  const worker = Idle.wake();
  if (worker >= 0) by.unpark(Caller.of(callerOf(worker)));
}

/** The same, if there is work in any queue. */
function wakeForWork(by: Caller): void {
  let isThere = isInjected();
  const workers = Idle.span;
  for (let index = 0; index < workers && !isThere; index++) {
    isThere = Worker.of(index).isStealable;
  }
  if (isThere) wakeOne(by);
}
