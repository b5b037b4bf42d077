// layby: a runtime with the driver "epoll", and its sockets. Both threads block.

import {
  type Parker,
  type ParkerHandle,
  Runtime,
  type RuntimeHandle,
  TcpListener,
  TcpStream,
  UnixStream,
  UnsupportedError,
} from "../../../mod.ts";
import { Unavailable } from "../../unavailable.ts";
import {
  type EchoSubject,
  type Form,
  type Kind,
  MESSAGE,
  type Side,
  type WakeSubject,
} from "../subject.ts";

const HOST = "127.0.0.1";
const ROOM = 4096;

/** One of two threads: what it sleeps in, and whom it wakes. */
interface End {
  readonly mine: Sleep;
  readonly theirs: Sleep;
}

/** A parker that was detached for its thread, and its runtime. */
interface Sleep {
  readonly runtime: RuntimeHandle;
  readonly parker: ParkerHandle;
}

// The same for as long as the process lives: threads attach to them.
const kept: Runtime[] = [];

function newRuntime(): Runtime {
  try {
    const runtime = Runtime.create({ driver: "epoll", registrations: 4096 });
    kept.push(runtime);
    return runtime;
  } catch (error) {
    if (error instanceof UnsupportedError) throw new Unavailable(error.message);
    throw error;
  }
}

function newSleep(runtime: Runtime): Sleep {
  return { runtime: runtime.handle, parker: runtime.parker().detach() };
}

export const wake: WakeSubject = {
  open(form: Form): readonly [End, End] {
    const runtime = newRuntime();
    const mine = newSleep(runtime);
    // Whoever is the first to sleep sleeps in the driver, of one that is shared.
    const theirs = newSleep(form === "two_owners" ? newRuntime() : runtime);
    return [{ mine, theirs }, { mine: theirs, theirs: mine }];
  },
  join(end: unknown): Side {
    const { mine, theirs } = end as End;
    const parker: Parker = Runtime.attach(mine.runtime).adopt(mine.parker);
    const other = Runtime.attach(theirs.runtime).unparker(theirs.parker);
    return {
      wake: () => void other.unpark(),
      sleep: () => {
        while (parker.park() !== "unparked");
      },
    };
  },
};

/** What the thread that answers is given. */
interface Theirs {
  readonly kind: Kind;
  readonly fd: number;
}

type AnyStream = TcpStream | UnixStream;

/** Two streams that are connected: of one, the number. */
function connect({ io }: Runtime, kind: Kind): [AnyStream, number] {
  if (kind === "unix") {
    const [mine, theirs] = UnixStream.pair(io);
    return [mine, theirs.detach()];
  }
  using listener = TcpListener.bind(io, { hostname: HOST, port: 0 });
  const mine = TcpStream.connectSync(io, listener.localAddress);
  return [mine, listener.acceptSync().detach()];
}

export const echo: EchoSubject = {
  open(kind) {
    const [stream, fd] = connect(newRuntime(), kind);
    const theirs: Theirs = { kind, fd };
    // More room than is needed: a read that fills it says that there may be more.
    const room = new Uint8Array(ROOM);
    return {
      theirs,
      connected: () => ({
        exchange(bytes) {
          stream.writeAllSync(bytes);
          for (let at = 0; at < MESSAGE;) {
            const count = stream.readSync(at ? room.subarray(at) : room);
            if (count === null) throw new Error("the stream has ended");
            at += count;
          }
          return room.subarray(0, MESSAGE);
        },
        close: () => stream.close(),
      }),
    };
  },
  answer(theirs) {
    const { kind, fd } = theirs as Theirs;
    // Each sleeps in a driver of its own, as the other subjects do.
    using runtime = Runtime.create({ driver: "epoll" });
    const { io } = runtime;
    using stream = kind === "tcp"
      ? TcpStream.from(io, fd)
      : UnixStream.from(io, fd);
    const bytes = new Uint8Array(ROOM);
    let count: number | null;
    while ((count = stream.readSync(bytes)) !== null) {
      stream.writeAllSync(bytes.subarray(0, count));
    }
  },
};
