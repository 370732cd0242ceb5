/*
 * LD_PRELOAD shim: keeps in UNSYNCED_SHADOW what a disk would hold of UNSYNCED_WATCH after a power cut.
 * A file's bytes reach the shadow when it is synced, and only then; a name without a sync is an empty file.
 * While the file named by UNSYNCED_FULL exists, writes under UNSYNCED_WATCH fail with ENOSPC; while that named by
 * UNSYNCED_HELD does, no sync there comes to its end; while that named by UNSYNCED_SLOW does, each takes a third of a second;
 * while that named by UNSYNCED_READ_ONLY does, writes fail with EROFS.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 65536

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(result, name, ...)                                  \
  static result (*real_##name)(__VA_ARGS__);                     \
  static void load_##name(void) {                                \
    if (!real_##name) real_##name = dlsym(RTLD_NEXT, #name);     \
  }

REAL(int, fsync, int)
REAL(int, fdatasync, int)
REAL(int, rename, const char *, const char *)
REAL(int, unlink, const char *)
REAL(ssize_t, write, int, const void *, size_t)
REAL(ssize_t, pwrite, int, const void *, size_t, off_t)
REAL(ssize_t, pwrite64, int, const void *, size_t, off64_t)

/* The shadow's path of a watched path; 0 when it is not watched. */
static int shadow_of(const char *path, char *shadow) {
  const char *watch = getenv("UNSYNCED_WATCH"), *into = getenv("UNSYNCED_SHADOW");
  size_t length = watch ? strlen(watch) : 0;
  if (!length || !into || strncmp(path, watch, length) || (path[length] != '/' && path[length] != 0)) return 0;
  return snprintf(shadow, PATH_MAX, "%s%s", into, path + length) < PATH_MAX;
}

static int path_of(int fd, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return 1;
}

static ssize_t read_at(int fd, char *into, size_t size, off_t from) {
  size_t done = 0;
  while (done < size) {
    ssize_t got = pread(fd, into + done, size - done, from + (off_t)done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    done += (size_t)got;
  }
  return (ssize_t)done;
}

static void make_folders(const char *path) {
  char folder[PATH_MAX];
  for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    mkdir(folder, 0700);
  }
}

/* Copies what differs: a kill in between leaves part of it, as a power cut during a sync does. */
static void copy_file(const char *path, const char *shadow, mode_t mode) {
  static char now[BLOCK], then[BLOCK];
  int from = open(path, O_RDONLY | O_CLOEXEC);
  /* It was synced by a handle after it was removed. */
  if (from < 0) return;
  make_folders(shadow);
  int to = open(shadow, O_RDWR | O_CREAT | O_CLOEXEC, mode & 0777);
  if (to < 0) abort();
  off_t at = 0;
  for (;;) {
    ssize_t got = read_at(from, now, BLOCK, at);
    if (got <= 0) break;
    if (read_at(to, then, (size_t)got, at) != got || memcmp(now, then, (size_t)got)) {
      load_pwrite();
      if (real_pwrite(to, now, (size_t)got, at) != got) abort();
    }
    at += got;
    if (got < BLOCK) break;
  }
  if (ftruncate(to, at)) abort();
  close(from);
  close(to);
}

/* A synced folder makes its names durable, not what the files hold. */
static void copy_names(const char *path, const char *shadow) {
  DIR *folder = opendir(path);
  struct dirent *entry;
  while (folder && (entry = readdir(folder))) {
    if (entry->d_type != DT_REG) continue;
    char name[PATH_MAX];
    if (snprintf(name, sizeof name, "%s/%s", shadow, entry->d_name) >= PATH_MAX) continue;
    int made = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (made >= 0) close(made);
  }
  if (folder) closedir(folder);
}

static void synced(int fd) {
  char path[PATH_MAX], shadow[PATH_MAX];
  struct stat about;
  if (!path_of(fd, path) || !shadow_of(path, shadow) || fstat(fd, &about)) return;
  pthread_mutex_lock(&lock);
  if (S_ISDIR(about.st_mode)) copy_names(path, shadow);
  else if (S_ISREG(about.st_mode)) copy_file(path, shadow, about.st_mode);
  pthread_mutex_unlock(&lock);
}

static int there(const char *name) {
  const char *flag = getenv(name);
  return flag && !access(flag, F_OK);
}

/* As a disk does that is stuck, or nearly so. */
static void hold(int fd) {
  char path[PATH_MAX], shadow[PATH_MAX];
  if (!path_of(fd, path) || !shadow_of(path, shadow)) return;
  if (there("UNSYNCED_SLOW")) usleep(333000);
  while (there("UNSYNCED_HELD")) usleep(10000);
}

int fsync(int fd) {
  hold(fd);
  load_fsync();
  int result = real_fsync(fd);
  if (!result) synced(fd);
  return result;
}

int fdatasync(int fd) {
  hold(fd);
  load_fdatasync();
  int result = real_fdatasync(fd);
  if (!result) synced(fd);
  return result;
}

/* A rename is durable before the bytes of a file that was never synced: it leaves an empty one. */
int rename(const char *from, const char *to) {
  char gone[PATH_MAX], made[PATH_MAX];
  load_rename();
  int result = real_rename(from, to);
  if (result || !shadow_of(to, made)) return result;
  pthread_mutex_lock(&lock);
  if (!shadow_of(from, gone) || real_rename(gone, made)) {
    int empty = open(made, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (empty >= 0) close(empty);
  }
  pthread_mutex_unlock(&lock);
  return result;
}

int unlink(const char *path) {
  char shadow[PATH_MAX];
  load_unlink();
  int result = real_unlink(path);
  if (!result && shadow_of(path, shadow)) real_unlink(shadow);
  return result;
}

static int full(int fd) {
  char path[PATH_MAX], shadow[PATH_MAX];
  int none = there("UNSYNCED_FULL"), fixed = there("UNSYNCED_READ_ONLY");
  if ((!none && !fixed) || !path_of(fd, path) || !shadow_of(path, shadow)) return 0;
  errno = none ? ENOSPC : EROFS;
  return 1;
}

ssize_t write(int fd, const void *bytes, size_t size) {
  load_write();
  return full(fd) ? -1 : real_write(fd, bytes, size);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) {
  load_pwrite();
  return full(fd) ? -1 : real_pwrite(fd, bytes, size, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) {
  load_pwrite64();
  return full(fd) ? -1 : real_pwrite64(fd, bytes, size, at);
}
