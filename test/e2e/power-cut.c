/*
 * A disk that loses what was not synced, for LD_PRELOAD. Each fsync or fdatasync of a file below POWER_CUT_HOME copies
 * what the file holds at that moment to the same place below POWER_CUT_SHADOW; a sync of a folder makes renames and
 * removals in it durable. After the process is killed the shadow is what the disk would hold after a power cut: nothing
 * that was only written, all that was synced. POWER_CUT_AFTER=n kills the process itself, right after its sync number n.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILES 4096

static char home[PATH_MAX];
static char shadow[PATH_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Which file of the shadow holds the content of which inode: a rename shows as a new name of a known inode. */
static struct {
  ino_t inode;
  char name[256];
} known[MAX_FILES];
static int known_count;
/* Syncs until the cut; 0 is never. */
static long left;

__attribute__((constructor)) static void begin(void) {
  const char *from = getenv("POWER_CUT_HOME");
  const char *to = getenv("POWER_CUT_SHADOW");
  const char *after = getenv("POWER_CUT_AFTER");
  if (after) left = atol(after);
  if (from && to && realpath(from, home) && realpath(to, shadow)) return;
  home[0] = 0;
}

static void die(const char *what) {
  /* A rig that silently misses a copy would blame the program under test. */
  dprintf(2, "power-cut: %s: %s\n", what, strerror(errno));
  abort();
}

/* The path of an open file relative to home, or NULL when it is elsewhere or has no name any more. */
static const char *below_home(int fd, char *path) {
  char link[64];
  if (!home[0]) return NULL;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  size_t prefix = strlen(home);
  if (length < 0) return NULL;
  path[length] = 0;
  if (strncmp(path, home, prefix) != 0) return NULL;
  if (path[prefix] == 0) return "";
  if (path[prefix] != '/' || strstr(path, " (deleted)")) return NULL;
  return path + prefix + 1;
}

static void make_parents(char *path) {
  for (char *at = path + strlen(shadow) + 1; (at = strchr(at, '/')); at++) {
    *at = 0;
    if (mkdir(path, 0700) != 0 && errno != EEXIST) die("mkdir");
    *at = '/';
  }
}

static void remember(ino_t inode, const char *name) {
  int at = 0;
  while (at < known_count && known[at].inode != inode) at++;
  if (at == MAX_FILES || strlen(name) >= sizeof known[at].name) die("too many files, or a name too long");
  if (at == known_count) known_count++;
  known[at].inode = inode;
  strcpy(known[at].name, name);
}

static void copy_file(int fd, const struct stat *info, const char *name) {
  static char buffer[1 << 20];
  char target[PATH_MAX], part[PATH_MAX + 8], link[64];
  snprintf(target, sizeof target, "%s/%s", shadow, name);
  snprintf(part, sizeof part, "%s.part", target);
  make_parents(target);
  /* Reading through the descriptor itself: closing a second one would drop SQLite's locks on the file. */
  int from = fd;
  if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY) {
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    from = open(link, O_RDONLY | O_CLOEXEC);
    if (from < 0) die("open");
  }
  int to = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, info->st_mode & 07777);
  if (to < 0) die("open of the copy");
  off_t at = 0;
  ssize_t length;
  while ((length = pread(from, buffer, sizeof buffer, at)) > 0) {
    if (write(to, buffer, length) != length) die("write");
    at += length;
  }
  if (length < 0) die("pread");
  close(to);
  if (from != fd) close(from);
  /* Whole or not at all, also when the process is killed here. */
  if (rename(part, target) != 0) die("rename");
  remember(info->st_ino, name);
}

static void sync_folder(const char *name) {
  char real[PATH_MAX], other[PATH_MAX];
  struct stat info;
  struct dirent *entry;
  const char *slash = name[0] ? "/" : "";
  snprintf(real, sizeof real, "%s/%s", home, name);
  DIR *folder = opendir(real);
  if (!folder) return;
  while ((entry = readdir(folder))) {
    char now[PATH_MAX];
    snprintf(now, sizeof now, "%s%s%s", name, slash, entry->d_name);
    if (fstatat(dirfd(folder), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode)) continue;
    for (int at = 0; at < known_count; at++) {
      if (known[at].inode != info.st_ino || strcmp(known[at].name, now) == 0) continue;
      char before[PATH_MAX], after[PATH_MAX];
      snprintf(before, sizeof before, "%s/%s", shadow, known[at].name);
      snprintf(after, sizeof after, "%s/%s", shadow, now);
      make_parents(after);
      if (rename(before, after) != 0 && errno != ENOENT) die("rename");
      remember(info.st_ino, now);
    }
  }
  closedir(folder);
  snprintf(other, sizeof other, "%s/%s", shadow, name);
  folder = opendir(other);
  if (!folder) return;
  while ((entry = readdir(folder))) {
    char gone[PATH_MAX];
    snprintf(gone, sizeof gone, "%s/%s%s%s", home, name, slash, entry->d_name);
    if (entry->d_type == DT_REG && access(gone, F_OK) != 0) unlinkat(dirfd(folder), entry->d_name, 0);
  }
  closedir(folder);
}

static void make_durable(int fd) {
  char path[PATH_MAX];
  struct stat info;
  int before = errno;
  const char *name = below_home(fd, path);
  if (name && fstat(fd, &info) == 0) {
    pthread_mutex_lock(&lock);
    if (S_ISDIR(info.st_mode)) sync_folder(name);
    else if (S_ISREG(info.st_mode)) copy_file(fd, &info, name);
    if (left > 0 && --left == 0) kill(getpid(), SIGKILL);
    pthread_mutex_unlock(&lock);
  }
  errno = before;
}

int fsync(int fd) {
  static int (*real)(int);
  if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  make_durable(fd);
  return real(fd);
}

int fdatasync(int fd) {
  static int (*real)(int);
  if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  make_durable(fd);
  return real(fd);
}
