// epoll.c: what a wake-up through epoll costs without JavaScript, on the same
// machine.
//
// Owns the native baselines of the benches of sockets: two threads that wake
// each other by eventfd, or echo 64 bytes over a stream. Linux only. Prints one
// JSON line: the median over its rounds, after one to warm up.
//
//   epoll driver_wake ROW two_owners|one_owner one_core|two_cores|unpinned
//   epoll echo ROW unix|tcp one_core|two_cores|unpinned
//
// ROW is the name of the bench in the line.
//
// Everything is edge-triggered, as in mio. So nobody reads an eventfd: each
// write is an edge of its own, and the count is far from its end. A thread that
// got less than it had room for has emptied the socket, and does not try again
// before it sleeps.

#include "measure.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

enum { MESSAGE = 64, ROOM = 4096, ROUNDS = 15, TRIPS = 2000 };

// ==== An epoll, and what it watches ====

static int new_epoll(int fd) {
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) fail("epoll_create1", errno);
  struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.fd = fd};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl", errno);
  return epoll;
}

static void sleep_in(int epoll) {
  struct epoll_event event;
  int count;
  do {
    count = epoll_wait(epoll, &event, 1, -1);
  } while (count < 0 && errno == EINTR);
  if (count != 1) fail("epoll_wait", errno);
}

// ==== driver_wake: a thread's bell is an eventfd, or a futex ====

typedef struct {
  int eventfd; // -1 for a futex
  int epoll;
  _Atomic int32_t word;
} Bell;

static void open_bell(Bell *bell, bool is_driver) {
  bell->eventfd = -1;
  if (!is_driver) return;
  bell->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (bell->eventfd < 0) fail("eventfd", errno);
  bell->epoll = new_epoll(bell->eventfd);
}

static void ring(Bell *bell) {
  if (bell->eventfd < 0) {
    atomic_store(&bell->word, 1);
    futex_wake_one(&bell->word);
    return;
  }
  uint64_t one = 1;
  if (write(bell->eventfd, &one, sizeof one) != sizeof one) fail("write", errno);
}

static void await_bell(Bell *bell) {
  if (bell->eventfd >= 0) {
    sleep_in(bell->epoll);
    return;
  }
  while (atomic_exchange(&bell->word, 0) == 0) futex_wait(&bell->word, 0);
}

static Bell caller_bell, answerer_bell;

static void wake_trip(void) {
  ring(&answerer_bell);
  await_bell(&caller_bell);
}

static void wake_answer(void) {
  await_bell(&answerer_bell);
  ring(&caller_bell);
}

// ==== echo: two ends of a stream ====

typedef struct {
  int socket;
  int epoll;
  char bytes[ROOM];
} End;

static End caller_end, answerer_end;

static void open_end(End *end, int socket) {
  if (fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK) != 0) fail("fcntl", errno);
  end->socket = socket;
  end->epoll = new_epoll(socket);
}

static void send_message(End *end) {
  if (send(end->socket, end->bytes, MESSAGE, MSG_NOSIGNAL) != MESSAGE) fail("send", errno);
}

// Sleeps, and takes what came, until there is a message.
static void await_message(End *end) {
  ssize_t length = 0;
  while (length < MESSAGE) {
    sleep_in(end->epoll);
    ssize_t count = recv(end->socket, end->bytes + length, (size_t)(ROOM - length), 0);
    if (count < 0 && errno == EAGAIN) continue; // the edge of what was taken before
    if (count <= 0) fail("recv", errno);
    length += count;
  }
  if (length != MESSAGE) fail("recv: more than was sent", 0);
}

static void echo_trip(void) {
  caller_end.bytes[0]++;
  char sent = caller_end.bytes[0];
  send_message(&caller_end);
  await_message(&caller_end);
  if (caller_end.bytes[0] != sent) fail("recv: not what was sent", 0);
}

static void echo_answer(void) {
  await_message(&answerer_end);
  send_message(&answerer_end);
}

static void connect_unix(int ends[2]) {
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) fail("socketpair", errno);
}

static void connect_tcp(int ends[2]) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct sockaddr *any = (struct sockaddr *)&address;
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0) fail("socket", errno);
  if (bind(listener, any, length) != 0) fail("bind", errno);
  if (listen(listener, 1) != 0) fail("listen", errno);
  if (getsockname(listener, any, &length) != 0) fail("getsockname", errno);
  ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (ends[0] < 0 || connect(ends[0], any, length) != 0) fail("connect", errno);
  ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  if (ends[1] < 0) fail("accept", errno);
  close(listener);
  int on = 1;
  for (int i = 0; i < 2; i++) {
    if (setsockopt(ends[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
      fail("setsockopt", errno);
    }
  }
}

// ==== Measuring: the main thread, and one that answers ====

typedef struct {
  void (*answer)(void);
  int cpu;
} Answerer;

// Answers until the process ends.
static void *answer_all(void *argument) {
  Answerer *answerer = argument;
  pin(answerer->cpu);
  while (true) answerer->answer();
  return NULL;
}

static void measure(const char *row, void (*trip)(void), Answerer answerer, int cpu) {
  pthread_t thread;
  int error = pthread_create(&thread, NULL, answer_all, &answerer);
  if (error != 0) fail("cannot start a thread", error);
  pin(cpu);
  double us[ROUNDS];
  for (int round = -1; round < ROUNDS; round++) { // round -1 warms up
    double start = now_ns();
    for (int i = 0; i < TRIPS; i++) trip();
    if (round >= 0) us[round] = (now_ns() - start) / 1e3 / TRIPS;
  }
  printf("{\"bench\":\"%s\",\"subject\":\"epoll\",\"unit\":\"µs\","
         "\"value\":%.3f,\"better\":\"lower\"}\n",
         row, median(us, ROUNDS));
}

// ==== The command line ====

static _Noreturn void usage(void) {
  fputs("usage: epoll driver_wake ROW two_owners|one_owner PLACE\n"
        "       epoll echo ROW unix|tcp PLACE\n"
        "PLACE: one_core, two_cores or unpinned\n",
        stderr);
  exit(2);
}

// Which of two words it is.
static bool is_first(const char *word, const char *first, const char *second) {
  if (strcmp(word, first) == 0) return true;
  if (strcmp(word, second) == 0) return false;
  usage();
}

int main(int argc, char **argv) {
  if (argc != 5) usage();
  const char *row = argv[2], *kind = argv[3], *place = argv[4];
  int cpu = NO_CPU, answerer_cpu = NO_CPU;
  if (strcmp(place, "unpinned") != 0) {
    cpu = 0;
    answerer_cpu = is_first(place, "one_core", "two_cores") ? 0 : 1;
  }
  if (is_first(argv[1], "driver_wake", "echo")) {
    open_bell(&caller_bell, true);
    open_bell(&answerer_bell, is_first(kind, "two_owners", "one_owner"));
    measure(row, wake_trip, (Answerer){wake_answer, answerer_cpu}, cpu);
  } else {
    int ends[2];
    if (is_first(kind, "unix", "tcp")) connect_unix(ends);
    else connect_tcp(ends);
    open_end(&caller_end, ends[0]);
    open_end(&answerer_end, ends[1]);
    measure(row, echo_trip, (Answerer){echo_answer, answerer_cpu}, cpu);
  }
  return 0;
}
