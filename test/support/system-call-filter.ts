import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Builds, in `folder`, a program that holds another to the system calls and socket families that a unit allows, as
 * systemd would, and to no new privileges; returns its path.
 */
export function systemCallFilter(unit: string, folder: string): string {
  const allowed = new Set<string>();
  for (const words of valuesOf(unit, "SystemCallFilter")) {
    const denied = words.startsWith("~");
    for (const word of words.replace("~", "").split(" "))
      for (const call of callsOf(word)) {
        if (denied) allowed.delete(call);
        else allowed.add(call);
      }
  }
  const families = valuesOf(unit, "RestrictAddressFamilies").flatMap((words) => words.split(" "));
  const source = join(folder, "filter.c");
  writeFileSync(source, programOf([...allowed].sort(), families));
  const program = join(folder, "filter");
  execFileSync("gcc", ["-o", program, source]);
  return program;
}

/** What a unit gives for a key, line by line. */
export function valuesOf(unit: string, key: string): string[] {
  return unit.split("\n").flatMap((line) => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : []));
}

/** The calls of a set and of the sets in it, as this systemd has them. */
function callsOf(word: string): string[] {
  if (!word.startsWith("@")) return [word];
  const shown = execFileSync("systemd-analyze", ["syscall-filter", "--no-pager", word], { encoding: "utf8" });
  const lines = shown.split("\n").slice(1);
  return lines.flatMap((line) => {
    const name = line.trim();
    return name === "" || name.startsWith("#") ? [] : callsOf(name);
  });
}

function programOf(calls: readonly string[], families: readonly string[]): string {
  const allow = (call: string) => `
#ifdef SYS_${call}
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_${call}, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
#endif`;
  const family = (name: string) => `
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ${name}, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),`;
  return `#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int count, char **given) {
  static struct sock_filter filter[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, ${2 * families.length + 2}),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),${families.map(family).join("")}
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),${calls.map(allow).join("")}
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
  };
  struct sock_fprog program = { sizeof filter / sizeof filter[0], filter };
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 125;
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) return 126;
  execv(given[1], given + 1);
  return 127;
}
`;
}
