// kqueue.c: kqueue() and kevent() on epoll, for tests: the part of kqueue(2) that
// layby asks for, written from the manual page of FreeBSD, so that
// src/drivers/kqueue.ts runs on Linux. It says nothing about the BSDs.
// https://man.freebsd.org/cgi/man.cgi?kqueue
//
// The layout and the numbers are those of libkqueue: 32 bytes an event, and
// FreeBSD's filters. What differs from the manual:
//
// - Filters are EVFILT_READ, EVFILT_WRITE and EVFILT_USER; of the flags of notes,
//   NOTE_TRIGGER. Events have no `data`, but for an errno.
// - One descriptor is one to epoll: an event to read brings one to write with it
//   if there is room to write, and the other way round.
// - Knotes go with the last of the descriptors that dup() made.
// - Files on a disk are refused, with EPERM.
// - To fetch events takes room for two.
// - Timeouts are rounded up to milliseconds.
//
// The descriptor that kqueue() returns is an epoll's: close() closes all of it.
// What epoll does not keep is in tables by its number, which the next kqueue of
// this number empties.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct kevent {
  uintptr_t ident;
  int16_t filter;
  uint16_t flags;
  uint32_t fflags;
  intptr_t data;
  uint64_t udata;
};

_Static_assert(sizeof(struct kevent) == 32, "an event of libkqueue");

enum { EVFILT_READ = -1, EVFILT_WRITE = -2, EVFILT_USER = -11 };

enum {
  EV_ADD = 0x1,
  EV_DELETE = 0x2,
  EV_ENABLE = 0x4,
  EV_DISABLE = 0x8,
  EV_CLEAR = 0x20,
  EV_RECEIPT = 0x40,
  EV_ERROR = 0x4000,
  EV_EOF = 0x8000,
  NOTE_TRIGGER = 0x01000000,
};

// Of one pair of ident and filter.
struct knote {
  bool used;
  bool disabled;
  bool triggered; // EVFILT_USER
  uint16_t flags; // EV_CLEAR, or none
  uint64_t udata;
};

enum { READ, WRITE, USER, FILTERS };

// The knotes of one ident.
struct place {
  uint32_t serial; // in epoll's data, or 0 if epoll was not asked
  bool is_socket;
  struct knote knotes[FILTERS];
};

struct table {
  bool used;
  size_t room;
  struct place *places; // by ident
};

enum { LIMIT = 1 << 20, BATCH = 512 };

// Epoll's data for `always`. No descriptor's has its upper half 0.
static const uint64_t RING = 0;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
// Below: under the lock.
static struct table tables[LIMIT];
static uint32_t serials;
// An eventfd that is always readable, for the user's events of all kqueues.
// Asking for it again is what makes an event of it.
static int always = -1;

static struct place *place_of(struct table *table, uintptr_t ident) {
  if (ident >= LIMIT) return NULL;
  if (ident >= table->room) {
    size_t room = ident < 64 ? 64 : 2 * ident;
    struct place *places = realloc(table->places, room * sizeof *places);
    if (!places) return NULL;
    memset(places + table->room, 0, (room - table->room) * sizeof *places);
    table->room = room;
    table->places = places;
  }
  return &table->places[ident];
}

static int control(int kq, int op, int fd, uint32_t mask, uint64_t data) {
  struct epoll_event event = {.events = mask, .data.u64 = data};
  return epoll_ctl(kq, op, fd, &event) < 0 ? errno : 0;
}

static bool is_on(const struct knote *knote) {
  return knote->used && !knote->disabled;
}

// Edge-triggered, always: a knote without EV_CLEAR is asked for again when its
// event has been fetched.
static int ask(int kq, int op, uintptr_t fd, const struct place *place) {
  uint32_t mask = EPOLLET;
  if (is_on(&place->knotes[READ])) mask |= EPOLLIN | EPOLLRDHUP;
  if (is_on(&place->knotes[WRITE])) mask |= EPOLLOUT;
  return control(kq, op, fd, mask, (uint64_t)place->serial << 32 | fd);
}

static int ring(int kq) {
  return control(kq, EPOLL_CTL_MOD, always, EPOLLIN | EPOLLET, RING);
}

static int edit(struct knote *knote, const struct kevent *asked) {
  if (!knote->used && !(asked->flags & EV_ADD)) return ENOENT;
  if (asked->flags & EV_DELETE) {
    memset(knote, 0, sizeof *knote);
    return 0;
  }
  if (!knote->used) knote->flags = asked->flags & EV_CLEAR;
  knote->used = true;
  knote->udata = asked->udata;
  if (asked->flags & (EV_ADD | EV_ENABLE)) knote->disabled = false;
  if (asked->flags & EV_DISABLE) knote->disabled = true;
  if (asked->fflags & NOTE_TRIGGER) knote->triggered = true;
  return 0;
}

static int change_user(int kq, struct table *table, const struct kevent *asked) {
  struct place *place = place_of(table, asked->ident);
  if (!place) return ENOMEM;
  struct knote *knote = &place->knotes[USER];
  int error = edit(knote, asked);
  if (error || !is_on(knote) || !knote->triggered) return error;
  return ring(kq);
}

static int change_fd(int kq, struct table *table, int filter,
                     const struct kevent *asked) {
  struct stat status;
  if (asked->ident > INT_MAX || fstat(asked->ident, &status) < 0) return EBADF;
  struct place *place = place_of(table, asked->ident);
  if (!place) return ENOMEM;
  for (;;) {
    struct place next = *place;
    int error = edit(&next.knotes[filter], asked);
    if (error) return error;
    int op = place->serial ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (!next.knotes[READ].used && !next.knotes[WRITE].used) {
      op = EPOLL_CTL_DEL;
    } else if (op == EPOLL_CTL_ADD) {
      next.serial = ++serials ? serials : ++serials;
      next.is_socket = S_ISSOCK(status.st_mode);
    }
    error = ask(kq, op, asked->ident, &next);
    if (!error) {
      if (op == EPOLL_CTL_DEL) next.serial = 0;
      *place = next;
      return 0;
    }
    if (error != ENOENT || !place->serial) return error;
    // Closed since it was added, and its knotes with it.
    place->serial = 0;
    memset(&place->knotes[READ], 0, sizeof(struct knote));
    memset(&place->knotes[WRITE], 0, sizeof(struct knote));
  }
}

static int change(int kq, struct table *table, const struct kevent *asked) {
  switch (asked->filter) {
    case EVFILT_READ:
      return change_fd(kq, table, READ, asked);
    case EVFILT_WRITE:
      return change_fd(kq, table, WRITE, asked);
    case EVFILT_USER:
      return change_user(kq, table, asked);
  }
  return EINVAL;
}

static void put(struct kevent *event, uintptr_t ident, int16_t filter,
                const struct knote *knote, uint16_t flags, uint32_t fflags) {
  *event = (struct kevent){.ident = ident,
                           .filter = filter,
                           .flags = knote->flags | flags,
                           .fflags = fflags,
                           .udata = knote->udata};
}

// Returns how many events there are, at most two.
static int take_fd(int kq, struct table *table, const struct epoll_event *from,
                   struct kevent *events) {
  uintptr_t fd = (uint32_t)from->data.u64;
  struct place *place = place_of(table, fd);
  // Fetched before somebody deleted it.
  if (!place || place->serial != from->data.u64 >> 32) return 0;
  uint32_t is = from->events;
  // Which error it is, SO_ERROR tells, and forgets.
  uint32_t fflags = place->is_socket && is & EPOLLERR ? EIO : 0;
  struct knote *read = &place->knotes[READ], *write = &place->knotes[WRITE];
  bool again = false;
  int count = 0;
  if (is_on(read) && is & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
    bool is_end = is & (EPOLLRDHUP | EPOLLHUP);
    put(&events[count++], fd, EVFILT_READ, read, is_end ? EV_EOF : 0,
        is_end ? fflags : 0);
    again |= !(read->flags & EV_CLEAR);
  }
  if (is_on(write) && is & (EPOLLOUT | EPOLLHUP | EPOLLERR)) {
    // A pipe without a reader has an error, and no end.
    bool is_end = is & EPOLLHUP || (is & EPOLLERR && !place->is_socket);
    put(&events[count++], fd, EVFILT_WRITE, write, is_end ? EV_EOF : 0,
        is_end ? fflags : 0);
    again |= !(write->flags & EV_CLEAR);
  }
  if (again) ask(kq, EPOLL_CTL_MOD, fd, place);
  return count;
}

// Returns how many events there are, for which there is so much room.
static int take_user(int kq, struct table *table, struct kevent *events,
                     int room) {
  bool again = false;
  int count = 0;
  for (size_t ident = 0; ident < table->room; ident++) {
    struct knote *knote = &table->places[ident].knotes[USER];
    if (!is_on(knote) || !knote->triggered) continue;
    if (count < room) {
      put(&events[count++], ident, EVFILT_USER, knote, 0, 0);
      knote->triggered = !(knote->flags & EV_CLEAR);
    }
    again |= knote->triggered;
  }
  if (again) ring(kq);
  return count;
}

static int take(int kq, const struct epoll_event *from, int length,
                struct kevent *events, int room) {
  struct table *table = &tables[kq];
  bool is_rung = false;
  int count = 0;
  pthread_mutex_lock(&lock);
  for (int place = 0; place < length; place++) {
    if (from[place].data.u64 == RING) is_rung = true;
    else count += take_fd(kq, table, &from[place], &events[count]);
  }
  if (is_rung) count += take_user(kq, table, &events[count], room - count);
  pthread_mutex_unlock(&lock);
  return count;
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int fail(int error) {
  errno = error;
  return -1;
}

static int fetch(int kq, struct kevent *events, int room,
                 const struct timespec *timeout) {
  if (room < 2) return fail(EINVAL);
  struct epoll_event from[BATCH];
  int batch = room / 2 < BATCH ? room / 2 : BATCH;
  int64_t due = 0;
  if (timeout) due = now() + timeout->tv_sec * 1000000000LL + timeout->tv_nsec;
  for (;;) {
    int64_t ms = timeout ? (due - now() + 999999) / 1000000 : -1;
    if (timeout && ms < 0) ms = 0;
    int length = epoll_wait(kq, from, batch, ms > INT_MAX ? INT_MAX : ms);
    if (length < 0) return fail(errno == EINVAL ? EBADF : errno);
    int count = take(kq, from, length, events, room);
    // What has lost its knote meanwhile is no event.
    if (count > 0 || length == 0) return count;
  }
}

__attribute__((visibility("default"))) int kqueue(void) {
  int kq = epoll_create1(EPOLL_CLOEXEC);
  if (kq < 0) return -1;
  int error = 0;
  pthread_mutex_lock(&lock);
  if (kq >= LIMIT) error = EMFILE;
  if (!error && always < 0 && (always = eventfd(1, EFD_CLOEXEC)) < 0) {
    error = errno;
  }
  if (!error) error = control(kq, EPOLL_CTL_ADD, always, EPOLLET, RING);
  if (!error) {
    // What the last kqueue of this number has left.
    free(tables[kq].places);
    tables[kq] = (struct table){.used = true};
  }
  pthread_mutex_unlock(&lock);
  if (!error) return kq;
  close(kq);
  return fail(error);
}

__attribute__((visibility("default"))) int kevent(
    int kq, const struct kevent *changes, int length, struct kevent *events,
    int room, const struct timespec *timeout) {
  if (kq < 0 || kq >= LIMIT || fcntl(kq, F_GETFD) < 0) return fail(EBADF);
  int receipts = 0, failure = 0;
  pthread_mutex_lock(&lock);
  if (!tables[kq].used) failure = EBADF;
  for (int place = 0; place < length && !failure; place++) {
    struct kevent asked = changes[place];
    int error = change(kq, &tables[kq], &asked);
    if (!error && !(asked.flags & EV_RECEIPT)) continue;
    if (receipts == room) {
      failure = error;
      continue;
    }
    asked.flags |= EV_ERROR;
    asked.data = error;
    events[receipts++] = asked;
  }
  pthread_mutex_unlock(&lock);
  if (failure) return fail(failure);
  if (receipts > 0 || room == 0) return receipts;
  return fetch(kq, events, room, timeout);
}

// The library is this one, and not libkqueue.
__attribute__((visibility("default"))) int layby_kqueue(void) { return 1; }
