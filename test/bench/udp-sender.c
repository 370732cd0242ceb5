/*
 * Sends the lines of its standard input, all of the same length, as datagrams at an even rate to a port of the loopback,
 * and says how many left. In C, since what stands in for a network should leave the processors to who receives.
 * Usage: udp-sender PORT RATE LINE_BYTES [SECONDS] (bytes with the end of line, which is left out)
 * With SECONDS the lines are sent over and over for so long, as fast as they leave where the rate is higher.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Datagrams a call. */
#define BATCH 32
/* Most that is made up for at once when this process was held up, seconds. */
#define CATCH_UP 0.005

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec + at.tv_nsec / 1e9;
}

static char *read_all(size_t *length) {
  size_t room = 1 << 20;
  char *bytes = malloc(room);
  *length = 0;
  for (ssize_t got; bytes && (got = read(0, bytes + *length, room - *length)) > 0;) {
    *length += got;
    if (*length == room) bytes = realloc(bytes, room *= 2);
  }
  return bytes;
}

int main(int argc, char **argv) {
  if (argc != 4 && argc != 5) return 2;
  double rate = atof(argv[2]);
  size_t size = strtoul(argv[3], NULL, 10), length;
  char *bytes = read_all(&length);
  if (!bytes || rate <= 0 || size < 2) return 2;
  long lines = length / size, total = lines, sent = 0;
  double seconds = argc == 5 ? atof(argv[4]) : 0;
  if (!lines) return 2;

  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int handle = socket(AF_INET, SOCK_DGRAM, 0);
  if (handle < 0 || connect(handle, (struct sockaddr *)&to, sizeof to) < 0) return perror("udp-sender"), 1;

  struct mmsghdr calls[BATCH];
  struct iovec parts[BATCH];
  memset(calls, 0, sizeof calls);
  double from = now();
  if (seconds > 0) total = __LONG_MAX__;
  double end = from + seconds;
  while (sent < total && (seconds <= 0 || now() < end)) {
    /* A burst at full speed would say nothing of the rate that is tried. */
    double late = now() - from - sent / rate - CATCH_UP;
    if (late > 0) from += late;
    long due = (now() - from) * rate + 1;
    if (due > total) due = total;
    while (sent < due && (seconds <= 0 || now() < end)) {
      int many = due - sent < BATCH ? due - sent : BATCH;
      for (int i = 0; i < many; i++) {
        parts[i] = (struct iovec){bytes + (sent + i) % lines * size, size - 1};
        calls[i].msg_hdr.msg_iov = &parts[i];
        calls[i].msg_hdr.msg_iovlen = 1;
      }
      int left = sendmmsg(handle, calls, many, 0);
      if (left < 0) return perror("udp-sender"), 1;
      sent += left;
    }
    nanosleep(&(struct timespec){0, 200000}, NULL);
  }
  printf("%ld\n", sent);
  return 0;
}
