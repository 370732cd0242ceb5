import { argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

const derive = promisify(argon2);

// OWASP's first choice for argon2id; 19 MiB keeps four sign-ins at once below 80 MiB.
const COST = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const SHAPE =
  /^argon2id\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/=]{22,88})\$([A-Za-z0-9+/=]{43,88})$/;

/** Compared with when the login is unknown, so that the answer takes the same work. */
const NOBODY = `argon2id$m=${COST.memory},t=${COST.passes},p=${COST.parallelism}$${Buffer.alloc(16).toString("base64")}$${Buffer.alloc(32).toString("base64")}`;

/** Hashes a password with argon2id and a new salt, as `argon2id$m=…,t=…,p=…$salt$hash` (base64). */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await tag(password, salt, COST, 32);
  const { memory, passes, parallelism } = COST;
  return `argon2id$m=${memory},t=${passes},p=${parallelism}$${salt.toString("base64")}$${hash.toString("base64")}`;
}

/** Says whether the password is the one hashed; without a hash it works as long and says no. */
export async function verifyPassword(password: string, hashed: string | undefined): Promise<boolean> {
  const [, m, t, p, salt = "", expected = ""] = SHAPE.exec(hashed ?? NOBODY) ?? SHAPE.exec(NOBODY) ?? [];
  const wanted = Buffer.from(expected, "base64");
  const cost = { memory: Number(m), passes: Number(t), parallelism: Number(p) };
  const got = await tag(password, Buffer.from(salt, "base64"), cost, wanted.length);
  return timingSafeEqual(got, wanted) && hashed !== undefined && hashed !== NOBODY && SHAPE.test(hashed);
}

function tag(
  password: string,
  nonce: Uint8Array,
  cost: { memory: number; passes: number; parallelism: number },
  tagLength: number,
): Promise<Buffer> {
  // NFKC: the same keys give other code points on a phone and on a desktop.
  return derive("argon2id", { message: password.normalize("NFKC"), nonce, ...cost, tagLength });
}
