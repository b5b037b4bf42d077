// Addresses, as users write them and as C has them.
// https://man7.org/linux/man-pages/man7/ip.7.html

import { checkInteger, checkObject, checkString } from "../arguments.ts";
import { ArgumentRangeError } from "../errors.ts";
import { AF_INET, AF_UNIX, type System } from "./system.ts";

/** An address of TCP or UDP. */
export interface InternetAddress {
  /** Numbers: `127.0.0.1`, `::1`. */
  readonly hostname: string;
  /** From 0 to 65,535. */
  readonly port: number;
}

/** An address of a local socket. */
export interface UnixAddress {
  /** A path; empty if the socket has no name. An abstract one begins with NUL. */
  readonly path: string;
}

/** Where something is to be reached. */
export interface InternetTarget {
  /**
   * An IPv4 or IPv6 address in numbers. `localhost` and the default are
   * `127.0.0.1`; other names have to be looked up by the host's own resolver.
   */
  readonly hostname?: string;
  /** From 0 to 65,535. */
  readonly port: number;
}

/** As C has it. */
export type RawAddress = Uint8Array<ArrayBuffer>;

/** Room for any address. */
const MAX_BYTES = 128;
const MAX_PORT = 0xffff;
const PORT_AT = 2;
const INET_AT = 4;
const INET_BYTES = 16;
const INET6_AT = 8;
const INET6_BYTES = 28;
const GROUPS = 8;
const PATH_AT = 2;
/** Of the path, with the NUL that ends it. FreeBSD has some fewer. */
const PATH_BYTES = { linux: 108, bsd: 104 };

const LOOPBACK = "127.0.0.1";
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
const IPV6 = /^[\da-f:.]*:[\da-f:.]*$/i;

/** Writes where something is to be reached as C has it. */
export type Encode<Target> = (
  system: System,
  action: string,
  target: Target,
) => RawAddress;

/** A target as C has it. */
export function encodeInternet(
  system: System,
  action: string,
  target: InternetTarget,
): RawAddress {
  const { hostname = LOOPBACK, port } = checkObject(action, "target", target);
  checkInteger(action, "port", port, 0, MAX_PORT);
  checkString(action, "hostname", hostname);
  const numeric = hostname === "localhost" ? LOOPBACK : hostname;
  const raw = IPV4.test(numeric)
    ? encodeInet(system, numeric)
    : encodeInet6(system, numeric);
  if (!raw) {
    throw new ArgumentRangeError(
      `Cannot ${action} as hostname must be "localhost" or an IP address in ` +
        `numbers: current value is ${
          JSON.stringify(hostname)
        }. Look names up ` +
        `first, as with node:dns/promises or Deno.resolveDns()`,
    );
  }
  new DataView(raw.buffer).setUint16(PORT_AT, port);
  return raw;
}

function encodeInet(system: System, hostname: string): RawAddress {
  const raw = newAddress(system, AF_INET, INET_BYTES);
  raw.set(hostname.split(".").map(Number), INET_AT);
  return raw;
}

function encodeInet6(
  system: System,
  hostname: string,
): RawAddress | undefined {
  const url = IPV6.test(hostname) ? `http://[${hostname}]` : "";
  if (!URL.canParse(url)) return undefined;
  const raw = newAddress(system, system.numbers.INET6, INET6_BYTES);
  const view = new DataView(raw.buffer);
  groupsOf(new URL(url).hostname.slice(1, -1)).forEach((group, index) =>
    view.setUint16(INET6_AT + 2 * index, group)
  );
  return raw;
}

/** Of an address as URLs have it: hexadecimal, shortened once at most. */
function groupsOf(hostname: string): number[] {
  const [head, tail] = hostname.split("::").map((half) =>
    half === "" ? [] : half.split(":").map((group) => parseInt(group, 16))
  );
  if (!tail) return head!;
  const zeros = GROUPS - head!.length - tail.length;
  return [...head!, ...new Array<number>(zeros).fill(0), ...tail];
}

/** A path as C has it. */
export function encodeUnix(
  system: System,
  action: string,
  target: UnixAddress,
): RawAddress {
  const { path } = checkObject(action, "target", target);
  checkString(action, "path", path);
  const bytes = new TextEncoder().encode(path);
  const most = system.numbers.hasLength ? PATH_BYTES.bsd : PATH_BYTES.linux;
  if (bytes.length === 0 || bytes.length >= most) {
    throw new ArgumentRangeError(
      `Cannot ${action} as path must have 1 to ${most - 1} bytes: current ` +
        `value has ${bytes.length}`,
    );
  }
  // What begins with a NUL is abstract, and ends where its length says.
  const isAbstract = bytes[0] === 0;
  if (bytes.includes(0, 1) || (isAbstract && system.numbers.hasLength)) {
    throw new ArgumentRangeError(
      `Cannot ${action} as path must have no NUL, but on Linux as the first`,
    );
  }
  const length = PATH_AT + bytes.length + (isAbstract ? 0 : 1);
  const raw = newAddress(system, AF_UNIX, length);
  raw.set(bytes, PATH_AT);
  return raw;
}

function newAddress(
  { numbers }: System,
  family: number,
  length: number,
): RawAddress {
  const raw = new Uint8Array(new ArrayBuffer(length));
  if (numbers.hasLength) raw.set([length, family]);
  else new Uint16Array(raw.buffer, 0, 1)[0] = family;
  return raw;
}

/** The family of an address. */
export function familyOf({ numbers }: System, raw: RawAddress): number {
  return numbers.hasLength ? raw[1]! : new Uint16Array(raw.buffer, 0, 1)[0]!;
}

/** Room for an address that C writes, and for its length. */
export class AddressRoom {
  readonly bytes: RawAddress = new Uint8Array(new ArrayBuffer(MAX_BYTES));
  readonly length: Int32Array<ArrayBuffer> = new Int32Array(
    new ArrayBuffer(4),
  );

  /** Says that there is room. */
  clear(): this {
    this.length[0] = MAX_BYTES;
    return this;
  }

  /** What C has written. */
  decode(system: System): InternetAddress | UnixAddress {
    const { bytes } = this;
    const length = Math.min(this.length[0]!, MAX_BYTES);
    const view = new DataView(bytes.buffer);
    const family = familyOf(system, bytes);
    if (family === AF_UNIX) {
      return {
        path: pathOf(bytes.subarray(PATH_AT, Math.max(length, PATH_AT))),
      };
    }
    const port = view.getUint16(PORT_AT);
    if (family === AF_INET) {
      const hostname = bytes.subarray(INET_AT, INET_AT + 4).join(".");
      return { hostname, port };
    }
    const groups = Array.from(
      { length: GROUPS },
      (_, index) => view.getUint16(INET6_AT + 2 * index).toString(16),
    );
    // A URL is written the short way.
    const { hostname } = new URL(`http://[${groups.join(":")}]`);
    return { hostname: hostname.slice(1, -1), port };
  }
}

function pathOf(bytes: Uint8Array<ArrayBuffer>): string {
  const end = bytes.indexOf(0, 1);
  // A copy: some decoders take no view of a larger buffer.
  return new TextDecoder().decode(
    bytes[0] === 0 || end < 0 ? bytes : bytes.subarray(0, end),
  );
}
