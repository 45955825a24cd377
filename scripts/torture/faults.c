/*
 * A disk and a clock that fail when they are told to, for LD_PRELOAD. FAULTS_CONTROL is a file of eight 64-bit numbers that
 * both sides map: whoever writes a number there switches a fault on in the running process. Files below FAULTS_HOME are
 * meant, no others, and no sockets.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { WRITE_ERRNO, SYNC_ERRNO, READ_ERRNO, SYNC_DELAY_US, CLOCK_OFFSET_MS, HITS, SYNCS, COUNT };

static char home[PATH_MAX];
static volatile int64_t *control;

__attribute__((constructor)) static void begin(void) {
  const char *from = getenv("FAULTS_HOME");
  const char *path = getenv("FAULTS_CONTROL");
  if (!from || !path || !realpath(from, home)) return;
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void *mapped = mmap(NULL, sizeof(int64_t) * (COUNT + 1), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (mapped != MAP_FAILED) control = mapped;
}

static int is_below_home(int fd) {
  char link[64], path[PATH_MAX];
  int before = errno;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  errno = before;
  if (length < 0) return 0;
  path[length] = 0;
  return strncmp(path, home, strlen(home)) == 0;
}

/* True when the call has to fail; errno is set. */
static int fails(int which, int fd) {
  if (!control || control[which] == 0 || !is_below_home(fd)) return 0;
  __atomic_add_fetch(&control[HITS], 1, __ATOMIC_RELAXED);
  errno = (int)control[which];
  return 1;
}

#define REAL(name) \
  static __typeof__(name) *real; \
  if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *data, size_t size) {
  REAL(write);
  return fails(WRITE_ERRNO, fd) ? -1 : real(fd, data, size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
  REAL(pwrite);
  return fails(WRITE_ERRNO, fd) ? -1 : real(fd, data, size, at);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
  REAL(pwrite64);
  return fails(WRITE_ERRNO, fd) ? -1 : real(fd, data, size, at);
}

ssize_t pread(int fd, void *data, size_t size, off_t at) {
  REAL(pread);
  return fails(READ_ERRNO, fd) ? -1 : real(fd, data, size, at);
}

ssize_t pread64(int fd, void *data, size_t size, off64_t at) {
  REAL(pread64);
  return fails(READ_ERRNO, fd) ? -1 : real(fd, data, size, at);
}

static int sync_slowly(int fd) {
  if (!control) return 0;
  __atomic_add_fetch(&control[SYNCS], 1, __ATOMIC_RELAXED);
  if (control[SYNC_DELAY_US] > 0 && is_below_home(fd)) {
    __atomic_add_fetch(&control[HITS], 1, __ATOMIC_RELAXED);
    usleep((useconds_t)control[SYNC_DELAY_US]);
  }
  return fails(SYNC_ERRNO, fd);
}

int fsync(int fd) {
  REAL(fsync);
  return sync_slowly(fd) ? -1 : real(fd);
}

int fdatasync(int fd) {
  REAL(fdatasync);
  return sync_slowly(fd) ? -1 : real(fd);
}

static int64_t offset_ms(void) {
  if (!control || control[CLOCK_OFFSET_MS] == 0) return 0;
  __atomic_add_fetch(&control[HITS], 1, __ATOMIC_RELAXED);
  return control[CLOCK_OFFSET_MS];
}

int clock_gettime(clockid_t clock, struct timespec *at) {
  REAL(clock_gettime);
  int result = real(clock, at);
  /* A clock that is set leaves the monotonic one alone. */
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    int64_t by = offset_ms();
    at->tv_sec += by / 1000;
  }
  return result;
}

int gettimeofday(struct timeval *at, void *zone) {
  static int (*real)(struct timeval *, void *);
  if (!real) real = (int (*)(struct timeval *, void *))dlsym(RTLD_NEXT, "gettimeofday");
  int result = real(at, zone);
  if (result == 0) at->tv_sec += offset_ms() / 1000;
  return result;
}
