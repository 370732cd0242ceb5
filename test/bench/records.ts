/** Bytes of a record, its end of line left out. */
export const RECORD_BYTES = 124;
/** One record in so many matters: 0.8 %. */
export const SELDOM = 125;

const NOISE = [
  "web-03 sshd %n - - Connection closed by authenticating user deploy 192.0.2.10 port 51234 [preauth]",
  'web-03 nginx %n - - 198.51.100.7 "GET /healthz HTTP/1.1" 200 17 "-" "kube-probe/1.29" 0.001',
  "db-02 postgres %n - - LOG: checkpoint complete: wrote 1204 buffers (7.3%); 0 WAL file(s) added",
  "app-01 systemd %n - - Started session 42 of user deploy; state is running, nothing to be done",
];
const RELEVANT = "pacs-01 app %n - - vssadmin.exe delete shadows /all /quiet was run by EXAMPLE\\operator";

/**
 * Makes RFC 5424 records of 124 bytes, each with an end of line, each like no other, of which the default pack
 * recognises one in `every`.
 */
export function makeRecords(amount: number, every: number): Buffer {
  const bytes = Buffer.alloc(amount * (RECORD_BYTES + 1), "\n");
  const time = new Date().toISOString();
  for (let i = 0; i < amount; i++) {
    const text = i % every === 0 ? RELEVANT : (NOISE[i % NOISE.length] ?? "");
    const record = `<86>1 ${time} ${text.replace("%n", String(i))}`.padEnd(RECORD_BYTES, ".");
    bytes.write(record.slice(0, RECORD_BYTES), i * (RECORD_BYTES + 1), "latin1");
  }
  return bytes;
}

/** How many of the first records matter. */
export function relevantOf(amount: number, every: number): number {
  return Math.ceil(amount / every);
}

/** Records to send, and how many of them match. */
export interface Plan {
  records: Buffer;
  amount: number;
  matching: number;
}

/** Makes records of which one in 125 matches. */
export function planOf(amount: number): Plan {
  return { records: makeRecords(amount, SELDOM), amount, matching: relevantOf(amount, SELDOM) };
}
