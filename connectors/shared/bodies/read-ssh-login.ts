import { type Draft, putField } from "../draft.ts";
import { nameOf, tellPeer, tellUser } from "./tell.ts";

/** The address as sshd writes it after a name. */
const PLACE = / from (\S{1,255}) port (\d{1,5}) ssh\d(?=$|:)/g;
/** The same where nothing follows: this is the server's, whatever the name before it holds. */
const ENDING = /^ from (\S{1,255}) port (\d{1,5}) ssh\d$/;
/** As old versions and other programs of the name write it. */
const OLD_PLACE = / from (\S{1,255})(?: port (\d{1,5}))?(?: ssh\d)?$/;

/** A key's type and fingerprint, which nothing follows but a certificate's own words. */
const KEY = /^: ([A-Za-z0-9@.-]{2,64}) ((?:[A-Z0-9]{2,8}:)?[^\s,]{8,256})(?= ID |, |$)/;

/**
 * Reads `METHOD for [invalid user ]USER from HOST port N ssh2[: KEY]`; false when the text is none of it.
 *
 * Both the name before and a certificate's identity after the address are the client's text. The last address is
 * the server's when nothing or only a key follows it; otherwise it must be the only one.
 */
export function readSshLogin(draft: Draft, text: string): boolean {
  const named = text.indexOf(" for ");
  if (named < 0 || named > 64) return false;
  const invalid = text.startsWith("invalid user ", named + 5);
  const begin = named + (invalid ? 18 : 5);
  putField(draft, "ssh.method", text.slice(0, named));
  const end = text.lastIndexOf(" from ");
  const ending = end < begin - 1 ? null : ENDING.exec(text.slice(end));
  if (ending !== null) {
    tellUser(draft, { name: nameOf(draft, text.slice(begin, Math.max(begin, end))) });
    tellPeer(draft, "source", ending[1] as string, ending[2]);
  } else readPlaces(draft, text, begin);
  return true;
}

/** Looks at each place that may be the address: what follows the true one is a key, or nothing is sure. */
function readPlaces(draft: Draft, text: string, begin: number): void {
  let places = 0;
  let last: RegExpExecArray | undefined;
  PLACE.lastIndex = begin - 1;
  for (let place = PLACE.exec(text); place !== null; place = PLACE.exec(text)) {
    last = place;
    places++;
  }
  if (last === undefined) {
    readOldPlace(draft, text, begin);
    return;
  }
  const at = last.index;
  const more = text.slice(at + last[0].length);
  const key = KEY.exec(more);
  if (places > 1 && key?.[0].length !== more.length) return;
  tellUser(draft, { name: nameOf(draft, text.slice(begin, Math.max(begin, at))) });
  tellPeer(draft, "source", last[1] as string, last[2]);
  if (key === null) return;
  putField(draft, "ssh.key_type", key[1] as string);
  putField(draft, "ssh.key_fingerprint", key[2] as string);
  const identity = / ID (.{1,1024}) \(serial (\d{1,20})\) CA (\S{2,64}) (\S{8,256})$/s.exec(
    more.slice(-2048),
  );
  if (identity === null) return;
  putField(draft, "ssh.certificate_id", identity[1] as string);
  putField(draft, "ssh.certificate_serial", identity[2] as string);
  putField(draft, "ssh.ca_fingerprint", identity[4] as string);
}

function readOldPlace(draft: Draft, text: string, begin: number): void {
  const tail = OLD_PLACE.exec(text.slice(Math.max(begin - 1, text.length - 320)));
  const end = tail === null ? text.length : text.length - tail[0].length;
  tellUser(draft, { name: nameOf(draft, text.slice(begin, Math.max(begin, end))) });
  if (tail !== null) tellPeer(draft, "source", tail[1] as string, tail[2]);
}
