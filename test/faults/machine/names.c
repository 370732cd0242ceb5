/*
 * LD_PRELOAD shim: names that end in .test are the loopback. While the file named by NAMES_GONE exists, no name is known
 * (the resolver says that nobody answers it); while that named by NAMES_HELD does, the resolver waits for its answer first,
 * ten seconds at most, as it does when packets are lost.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int there(const char *name) {
  const char *flag = getenv(name);
  return flag && !access(flag, F_OK);
}

static int ends_in_test(const char *node) {
  size_t length = node ? strlen(node) : 0;
  return length > 5 && !strcmp(node + length - 5, ".test");
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
  static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
  if (!real) real = dlsym(RTLD_NEXT, "getaddrinfo");
  if (!ends_in_test(node)) return real(node, service, hints, found);
  if (there("NAMES_HELD")) {
    for (int waited = 0; waited < 1000 && there("NAMES_HELD"); waited++) usleep(10000);
    return EAI_AGAIN;
  }
  return there("NAMES_GONE") ? EAI_AGAIN : real("127.0.0.1", service, hints, found);
}
