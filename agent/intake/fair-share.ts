import { parseAddress } from "../../rules/engine/address.ts";

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

/** Lets a member into every share or into none; returns who must go for it, itself among them when there is no place. */
export function enterAll<Member>(
  shares: readonly FairShare<Member>[],
  member: Member,
  group: string,
): Member[] {
  const gone: Member[] = [];
  for (const share of shares) {
    const out = share.enter(member, group);
    if (out !== undefined) gone.push(out);
    if (out === member) break;
  }
  if (gone.includes(member)) for (const share of shares) share.leave(member, group);
  return gone;
}

/** Bytes of an IPv6 address that tell one network from another: a host has as many addresses in its own as it likes. */
const NETWORK_BYTES = 8;

/** Whom an address stands for: an IPv4 address for itself, an IPv6 address for its network (RFC 4291 §2.5.4). */
export function networkOf(address: string): string {
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const bytes = parseAddress(address);
  if (bytes === undefined || bytes.length === 4) return address;
  return Buffer.from(bytes.subarray(0, NETWORK_BYTES)).toString("hex");
}
