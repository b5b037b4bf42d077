// park.c: what a park costs without JavaScript, on the same machine.
//
// Owns the native baseline of the benches: a parker that is one futex word, and
// the round trips made with it. Linux only. Prints one JSON line per figure.
//
//   park token [rounds]
//   park pingpong [--pin one|two|none] [--rounds N] [--trips N]
//   park scale N
//
// The algorithm is that of the futex parker of Rust's std,
// library/std/src/sys/sync/thread_parking/futex.rs, with two differences: the
// states have layby's numbers, so that park() takes two compare-exchanges where
// std subtracts once; and every operation is seq_cst, as in wasm.

#include "measure.h"

#include <stdalign.h>
#include <stdbool.h>

enum { CACHE_LINE = 128, STACK_BYTES = 128 * 1024 };

// ==== The parker ====

// 2 is PARKED_DRIVER, which this parker never enters: it has no driver.
enum { EMPTY = 0, PARKED_CONDVAR = 1, NOTIFIED = 3 };

typedef struct {
  alignas(CACHE_LINE) _Atomic int32_t word;
} Parker;

static bool transition(Parker *parker, int32_t from, int32_t to) {
  return atomic_compare_exchange_strong(&parker->word, &from, to);
}

// Not inlined: the compiler must not merge an unpark with the park after it.

// Makes the token available. Any thread may call it.
__attribute__((noinline)) static void unpark(Parker *parker) {
  // PARKED_CONDVAR, EMPTY or NOTIFIED -> NOTIFIED. The last one writes as well,
  // so that every unpark() happens before the park() that takes its token.
  if (atomic_exchange(&parker->word, NOTIFIED) == PARKED_CONDVAR) {
    futex_wake_one(&parker->word);
  }
}

// Blocks until the token is there, and takes it. For the owning thread only.
__attribute__((noinline)) static void park(Parker *parker) {
  if (transition(parker, NOTIFIED, EMPTY)) return;
  if (!transition(parker, EMPTY, PARKED_CONDVAR)) {
    // NOTIFIED -> EMPTY: an unpark() came in between. Not a store, since a
    // second one may follow it and is to be seen as well.
    atomic_exchange(&parker->word, EMPTY);
    return;
  }
  do {
    futex_wait(&parker->word, PARKED_CONDVAR);
  } while (!transition(parker, NOTIFIED, EMPTY)); // spurious: wait again
}

// ==== Measuring ====

static void *allocate(size_t alignment, size_t bytes) {
  void *memory;
  int error = posix_memalign(&memory, alignment, bytes);
  if (error != 0) fail("memory", error);
  return memory;
}

static void report(const char *bench, const char *unit, double value) {
  printf("{\"bench\":\"%s\",\"runtime\":\"native\",\"subject\":\"futex\","
         "\"unit\":\"%s\",\"value\":%.2f,\"better\":\"lower\"}\n",
         bench, unit, value);
}

// ==== token: one thread, nobody sleeps ====

static void bench_token(long rounds) {
  enum { PAIRS = 2000000 };
  static Parker parker;
  double *ns = allocate(sizeof(double), (size_t)rounds * sizeof *ns);
  for (long round = -1; round < rounds; round++) { // round -1 warms up
    double start = now_ns();
    for (int pair = 0; pair < PAIRS; pair++) {
      unpark(&parker);
      park(&parker);
    }
    if (round >= 0) ns[round] = (now_ns() - start) / PAIRS;
  }
  report("token", "ns", median(ns, rounds));
  free(ns);
}

// ==== pingpong, scale: the main thread and N that answer it ====

typedef struct {
  Parker parker;
  Parker *caller;
  int cpu;
  bool stopping; // written before an unpark() and read after its park()
  pthread_t thread;
} Echo;

// Answers every unpark() with one of the caller's parker.
static void *echo_main(void *argument) {
  Echo *echo = argument;
  pin(echo->cpu);
  for (;;) {
    park(&echo->parker);
    if (echo->stopping) return NULL;
    unpark(echo->caller);
  }
}

static Echo *start_echoes(long count, Parker *caller, int cpu) {
  Echo *echoes = allocate(alignof(Echo), (size_t)count * sizeof *echoes);
  memset(echoes, 0, (size_t)count * sizeof *echoes);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  for (long i = 0; i < count; i++) {
    echoes[i].caller = caller;
    echoes[i].cpu = cpu;
    int error = pthread_create(&echoes[i].thread, &attributes, echo_main, &echoes[i]);
    if (error != 0) fail("cannot start a thread", error);
  }
  pthread_attr_destroy(&attributes);
  return echoes;
}

static void stop_echoes(Echo *echoes, long count) {
  for (long i = 0; i < count; i++) {
    echoes[i].stopping = true;
    unpark(&echoes[i].parker);
    pthread_join(echoes[i].thread, NULL);
  }
  free(echoes);
}

// Returns the median over the rounds of the µs per round trip, where a trip
// goes to the next of `count` parked threads and back.
static double round_trip_us(long count, int cpu, int echo_cpu, long rounds, long trips) {
  static Parker caller;
  pin(cpu);
  Echo *echoes = start_echoes(count, &caller, echo_cpu);
  double *us = allocate(sizeof(double), (size_t)rounds * sizeof *us);
  long next = 0;
  for (long round = -1; round < rounds; round++) { // round -1 warms up
    double start = now_ns();
    for (long trip = 0; trip < trips; trip++) {
      unpark(&echoes[next].parker);
      park(&caller);
      next = next + 1 == count ? 0 : next + 1;
    }
    if (round >= 0) us[round] = (now_ns() - start) / 1e3 / (double)trips;
  }
  stop_echoes(echoes, count);
  double result = median(us, rounds);
  free(us);
  return result;
}

static void bench_pingpong(const char *mode, long rounds, long trips) {
  if (strcmp(mode, "one") == 0) {
    report("pingpong_one_core", "µs", round_trip_us(1, 0, 0, rounds, trips));
  } else if (strcmp(mode, "two") == 0) {
    report("pingpong_two_cores", "µs", round_trip_us(1, 0, 1, rounds, trips));
  } else {
    report("pingpong_unpinned", "µs", round_trip_us(1, NO_CPU, NO_CPU, rounds, trips));
  }
}

static void bench_scale(long count) {
  char name[32];
  snprintf(name, sizeof name, "scale_%ld", count);
  long trips = count > 2000 ? count : 2000; // a round visits every thread
  report(name, "µs", round_trip_us(count, NO_CPU, NO_CPU, 15, trips));
}

// ==== The command line ====

static _Noreturn void usage(void) {
  fputs("usage: park token [rounds]\n"
        "       park pingpong [--pin one|two|none] [--rounds N] [--trips N]\n"
        "       park scale N\n",
        stderr);
  exit(2);
}

static long parse_count(const char *text) {
  char *end;
  long count = strtol(text, &end, 10);
  if (end == text || *end != '\0' || count < 1 || count > 10000000) usage();
  return count;
}

static void run_pingpong(int count, char **options) {
  const char *mode = "none";
  long rounds = 15, trips = 5000;
  if (count % 2 != 0) usage();
  for (int i = 0; i < count; i += 2) {
    const char *value = options[i + 1];
    if (strcmp(options[i], "--pin") == 0) {
      if (strcmp(value, "one") && strcmp(value, "two") && strcmp(value, "none")) usage();
      mode = value;
    } else if (strcmp(options[i], "--rounds") == 0) {
      rounds = parse_count(value);
    } else if (strcmp(options[i], "--trips") == 0) {
      trips = parse_count(value);
    } else {
      usage();
    }
  }
  bench_pingpong(mode, rounds, trips);
}

int main(int argc, char **argv) {
  const char *command = argc > 1 ? argv[1] : "";
  if (strcmp(command, "token") == 0 && argc <= 3) {
    bench_token(argc == 3 ? parse_count(argv[2]) : 15);
  } else if (strcmp(command, "pingpong") == 0) {
    run_pingpong(argc - 2, argv + 2);
  } else if (strcmp(command, "scale") == 0 && argc == 3) {
    bench_scale(parse_count(argv[2]));
  } else {
    usage();
  }
  return 0;
}
