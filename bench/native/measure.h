// measure.h: what the native baselines share: clocks, medians, cores.

#ifndef __linux__
#error "the native baselines need the system calls of Linux"
#endif

#ifndef LAYBY_MEASURE_H
#define LAYBY_MEASURE_H

#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { NO_CPU = -1 };

static _Noreturn void fail(const char *what, int error) {
  fprintf(stderr, "%s: %s\n", what, strerror(error));
  exit(1);
}

// ==== The kernel's futex ====

static void futex_wait(_Atomic int32_t *word, int32_t expected) {
  long result = syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
  // EAGAIN: the word had changed. EINTR: a signal. The caller looks again.
  if (result < 0 && errno != EAGAIN && errno != EINTR) fail("futex wait", errno);
}

static void futex_wake_one(_Atomic int32_t *word) {
  long result = syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
  if (result < 0) fail("futex wake", errno);
}

// ==== Measuring ====

static double now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static int compare(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

// Sorts its argument.
static double median(double *values, long count) {
  qsort(values, (size_t)count, sizeof *values, compare);
  return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

// Binds the calling thread to one CPU.
static void pin(int cpu) {
  if (cpu == NO_CPU) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET((size_t)cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) {
    fail(cpu == 0 ? "cannot pin to CPU 0" : "cannot pin to CPU 1", errno);
  }
}

#endif
