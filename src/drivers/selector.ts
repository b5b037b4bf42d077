// The drivers that sleep in the operating system's own selector: what epoll and
// kqueue have in common. Readiness goes from there into shared memory, and to
// whoever waits for it.

import { WAKE } from "../core/core.generated.ts";
import type { CoreExports } from "../core/core.generated.ts";
import { addressOf, type Region } from "../core/layout.ts";
import type { IoDriver, RegistrationPlace } from "../driver.ts";
import { ExhaustedError, ShutdownError } from "../errors.ts";
import type { Futex } from "../host.ts";

// What somebody wants to know of a descriptor: a bit for each way to wait.
/** To read. */
export const READ = 1;
/** To write. */
export const WRITE = 2;
/** For a priority event. */
export const URGENT = 4;
/** For an error. */
export const FAULT = 8;

/** Ways in which one can wait. */
const WAYS = 4;
/** How what the core returns says what is to be delivered. */
const CODE = 3;

/** What a selector calls with each event: a claim, and what it is ready for. */
export type TakeEvent = (address: number, claim: number, ready: number) => void;

/** The operating system's part. Events of address 0 are rings. */
export interface Selector {
  /** What `Runtime.create()` knows it by. */
  readonly name: "epoll" | "kqueue";
  /** Asks for events. @throws {SystemError} If the descriptor has none. */
  add(fd: number, interest: number, place: RegistrationPlace): void;
  /** Asks again for all that was asked for: what is so now is an event. */
  renew(fd: number, interest: number, place: RegistrationPlace): void;
  /** Asks no more. The descriptor may be closed already. */
  remove(fd: number, interest: number): void;
  /**
   * Blocks until there is an event, for `timeout` milliseconds at most.
   *
   * @throws {SystemError} For all that goes wrong but a signal.
   */
  wait(timeout: number, take: TakeEvent): void;
  /** Has the `wait()` that goes on return, or the next one. */
  ring(): void;
  /** Closes a descriptor of a user's. */
  closeFd(fd: number): void;
  /** Closes the descriptors. */
  close(): void;
}

/** What a selector driver is made of. */
export interface SelectorParts {
  readonly core: CoreExports;
  readonly selector: Selector;
  readonly futex: Futex | undefined;
  readonly registrations: Region;
}

/** A driver that sleeps in a selector, which all threads share. */
export class SelectorDriver implements IoDriver {
  readonly name: "epoll" | "kqueue";
  readonly blocks = true;
  readonly #core: CoreExports;
  readonly #selector: Selector;
  readonly #futex: Futex | undefined;
  readonly #registrations: Region;
  #turn = 0;
  #served = 0;

  constructor({ core, selector, futex, registrations }: SelectorParts) {
    this.name = selector.name;
    this.#core = core;
    this.#selector = selector;
    this.#futex = futex;
    this.#registrations = registrations;
  }

  park(timeout: number): number {
    const core = this.#core;
    if (!core.pollSleep()) return 0;
    try {
      if (core.pollHasLost()) this.#renewAll();
      const isSleep = timeout > 0 && core.bellCommit() !== 0;
      this.#turn = core.pollTurn();
      this.#served = 0;
      this.#selector.wait(isSleep ? timeout : 0, this.#take);
    } finally {
      core.bellHear();
      if (core.pollWake()) this.close();
    }
    return this.#served;
  }

  unpark(): void {
    if (this.#core.bellRing() === WAKE) this.wakeOwner();
  }

  wakeOwner(): void {
    this.#use(() => this.#selector.ring());
  }

  shutdown(): void {
    this.#core.bellRing();
    // Whoever was the first to ring may be too late to write: so this one does.
    this.wakeOwner();
    if (this.#core.pollClose()) this.close();
  }

  close(): void {
    this.#selector.close();
  }

  register(fd: number, interest: number, owner: number): RegistrationPlace {
    const core = this.#core;
    const address = core.registrationClaim(fd, owner);
    if (address === 0) {
      throw new ExhaustedError("registration", this.#registrations.count);
    }
    const place = { address, claim: core.registrationBase(address) };
    let isAdded = false;
    try {
      const isOpen = this.#use(() => {
        // First, so that a driver's owner that asks for all again misses none.
        core.registrationAsked(address, interest);
        this.#selector.add(fd, interest, place);
        isAdded = true;
      });
      if (!isOpen) throw new ShutdownError("register a file descriptor");
    } finally {
      if (!isAdded && core.registrationEnd(address, place.claim)) {
        core.registrationFree(address);
      }
    }
    return place;
  }

  deregister({ address, claim }: RegistrationPlace): boolean {
    const core = this.#core;
    const fd = core.registrationFd(address);
    const interest = core.registrationInterest(address);
    if (!core.registrationEnd(address, claim)) return false;
    this.#use(() => this.#selector.remove(fd, interest));
    this.#tellAll(address);
    core.registrationFree(address);
    return true;
  }

  bury(thread: number): void {
    const core = this.#core;
    // Whoever it was to tell that a descriptor is ready, or gone.
    for (let index = 0; index < core.registrationsUsed(); index++) {
      const address = addressOf(this.#registrations, index);
      this.#tellAll(address, core.registrationDue(address));
    }
    for (const place of this.#claimed()) {
      const owner = core.registrationOwner(place.address);
      if (owner === 0 || Math.abs(owner) !== thread) continue;
      const fd = core.registrationFd(place.address);
      const isEnded = this.deregister(place);
      if (isEnded && owner < 0) this.#selector.closeFd(fd);
    }
  }

  get hasRegistrations(): boolean {
    for (const _ of this.#claimed()) return true;
    return false;
  }

  recall(): void {
    for (const { address } of this.#claimed()) this.#tellAll(address);
  }

  /** Uses the descriptors. Returns false if they are being closed. */
  #use(action: () => void): boolean {
    const core = this.#core;
    if (!core.pollEnter()) return false;
    try {
      action();
    } finally {
      if (core.pollLeave()) this.close();
    }
    return true;
  }

  readonly #take: TakeEvent = (address, claim, ready) => {
    if (address === 0) return;
    const ways = this.#core.registrationSet(address, claim, ready, this.#turn);
    if (ways === 0) return;
    this.#served++;
    for (let way = 0; way < WAYS; way++) {
      // A token for this very thread needs no ring: it is awake.
      if ((ways & 1 << way) !== 0) this.#tell(address, way, false);
    }
  };

  #tellAll(address: number, ways = -1): void {
    for (let way = 0; way < WAYS; way++) {
      if ((ways & 1 << way) !== 0) this.#tell(address, way, true);
    }
  }

  #tell(address: number, way: number, mayRing: boolean): void {
    const told = this.#core.registrationTell(address, way);
    if (told === 0) return;
    if ((told & CODE) === WAKE) this.#futex!.wake(told & ~CODE);
    else if (mayRing) this.unpark();
  }

  /** Asks for everything again, after the death of who had fetched events. */
  #renewAll(): void {
    for (let index = 0; index < this.#core.registrationsUsed(); index++) {
      // Its descriptor may be another registration's by now, which this one has
      // taken the events from: so once more, for all.
      if (!this.#renew(addressOf(this.#registrations, index))) index = -1;
    }
  }

  /** Returns false if the claim that it was for is over. */
  #renew(address: number): boolean {
    const core = this.#core;
    const claim = core.registrationBase(address);
    const fd = core.registrationFd(address);
    const interest = core.registrationInterest(address);
    if (interest === 0 || !core.registrationIsClaimed(address, claim)) {
      return true;
    }
    this.#selector.renew(fd, interest, { address, claim });
    return core.registrationIsClaimed(address, claim) !== 0;
  }

  /** Registrations that there are. */
  *#claimed(): Iterable<RegistrationPlace> {
    const core = this.#core;
    for (let index = 0; index < core.registrationsUsed(); index++) {
      const address = addressOf(this.#registrations, index);
      const claim = core.registrationBase(address);
      if (core.registrationIsClaimed(address, claim)) yield { address, claim };
    }
  }
}
