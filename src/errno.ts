// What C's errno says: names, and what to do. Systems number them differently.
// https://man7.org/linux/man-pages/man3/errno.3.html

/** As Linux numbers them, but for a few processors that are no longer made. */
const LINUX: Readonly<Record<number, string>> = {
  11: "EAGAIN",
  36: "ENAMETOOLONG",
  38: "ENOSYS",
  40: "ELOOP",
  71: "EPROTO",
  88: "ENOTSOCK",
  89: "EDESTADDRREQ",
  90: "EMSGSIZE",
  91: "EPROTOTYPE",
  92: "ENOPROTOOPT",
  93: "EPROTONOSUPPORT",
  95: "EOPNOTSUPP",
  97: "EAFNOSUPPORT",
  98: "EADDRINUSE",
  99: "EADDRNOTAVAIL",
  100: "ENETDOWN",
  101: "ENETUNREACH",
  102: "ENETRESET",
  103: "ECONNABORTED",
  104: "ECONNRESET",
  105: "ENOBUFS",
  106: "EISCONN",
  107: "ENOTCONN",
  108: "ESHUTDOWN",
  110: "ETIMEDOUT",
  111: "ECONNREFUSED",
  112: "EHOSTDOWN",
  113: "EHOSTUNREACH",
  114: "EALREADY",
  115: "EINPROGRESS",
  125: "ECANCELED",
};

/** As macOS and the BSDs do. */
const BSD: Readonly<Record<number, string>> = {
  35: "EAGAIN",
  36: "EINPROGRESS",
  37: "EALREADY",
  38: "ENOTSOCK",
  39: "EDESTADDRREQ",
  40: "EMSGSIZE",
  41: "EPROTOTYPE",
  42: "ENOPROTOOPT",
  43: "EPROTONOSUPPORT",
  45: "EOPNOTSUPP",
  47: "EAFNOSUPPORT",
  48: "EADDRINUSE",
  49: "EADDRNOTAVAIL",
  50: "ENETDOWN",
  51: "ENETUNREACH",
  52: "ENETRESET",
  53: "ECONNABORTED",
  54: "ECONNRESET",
  55: "ENOBUFS",
  56: "EISCONN",
  57: "ENOTCONN",
  58: "ESHUTDOWN",
  60: "ETIMEDOUT",
  61: "ECONNREFUSED",
  62: "ELOOP",
  63: "ENAMETOOLONG",
  64: "EHOSTDOWN",
  65: "EHOSTUNREACH",
  78: "ENOSYS",
};

/** As all do. */
const COMMON: Readonly<Record<number, string>> = {
  1: "EPERM",
  2: "ENOENT",
  4: "EINTR",
  5: "EIO",
  9: "EBADF",
  12: "ENOMEM",
  13: "EACCES",
  14: "EFAULT",
  17: "EEXIST",
  20: "ENOTDIR",
  21: "EISDIR",
  22: "EINVAL",
  23: "ENFILE",
  24: "EMFILE",
  28: "ENOSPC",
  30: "EROFS",
  32: "EPIPE",
};

/** What to do, for those that users meet. */
const ADVICE: Readonly<Record<string, string>> = {
  EACCES: "this process is not allowed to: choose another port or path",
  EADDRINUSE: "the address is in use: close who has it, remove the file " +
    "that it is, or choose another, such as port 0",
  EADDRNOTAVAIL: "this machine has no such address, or no free port",
  EAFNOSUPPORT: "this system has no addresses of the kind: try IPv4",
  EBADF: "it is not an open file descriptor",
  ECONNABORTED: "the other side has gone meanwhile: accept the next one",
  ECONNREFUSED: "nobody listens there",
  ECONNRESET: "the other side has closed it with data unread, or died",
  EHOSTUNREACH: "there is no way to that host",
  EMFILE: "this process has too many files open: close some first",
  EMSGSIZE: "the message is longer than this socket sends: divide it",
  ENETUNREACH: "there is no way to that network",
  ENFILE: "the system has too many files open: wait until some are closed",
  ENOENT: "there is no such file",
  ENOTCONN: "it is not connected, or not any more",
  ENOTSOCK: "it is no socket",
  EPERM: "this process is not allowed to",
  EPIPE: "the other side reads no more, or this side was shut down",
  ETIMEDOUT: "the other side did not answer",
};

/** Which of them is this system's. */
function table(): Readonly<Record<number, string>> {
  const { process } = globalThis as { process?: { platform?: string } };
  const isLinux = /linux|android/.test(process?.platform ?? "linux");
  return isLinux ? LINUX : BSD;
}

/** The name of an errno on this system; undefined if it is not a common one. */
export function errnoName(errno: number): string | undefined {
  return COMMON[errno] ?? table()[errno];
}

/** What to do about it. */
export function errnoAdvice(name: string | undefined): string {
  return ADVICE[name ?? ""] ?? "see the system's errno(3)";
}
