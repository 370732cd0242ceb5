/** Who takes part in something of which there is only so much. */
export interface FairShare<Member> {
  /** Lets a member in; returns who must go for it: one of the largest group, or itself when its own would be. */
  enter(member: Member, group: string): Member | undefined;
  leave(member: Member, group: string): void;
}

/** Shares a number of places among groups: whoever takes them all cannot keep the others out. */
export function fairShare<Member>(places: number): FairShare<Member> {
  const groups = new Map<string, Set<Member>>();
  let taken = 0;

  function leave(member: Member, name: string): void {
    const group = groups.get(name);
    if (!group?.delete(member)) return;
    taken--;
    if (group.size === 0) groups.delete(name);
  }

  function largest(): { name: string; size: number } {
    let found = { name: "", size: 0 };
    for (const [name, { size }] of groups) if (size > found.size) found = { name, size };
    return found;
  }

  return {
    leave,
    enter(member, name) {
      let gone: Member | undefined;
      if (taken >= places) {
        const { name: other, size } = largest();
        if (size <= (groups.get(name)?.size ?? 0) + 1) return member;
        [gone] = groups.get(other) ?? [];
        if (gone !== undefined) leave(gone, other);
      }
      const group = groups.get(name) ?? new Set();
      groups.set(name, group.add(member));
      taken++;
      return gone;
    },
  };
}
