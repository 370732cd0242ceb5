import { createHash } from "node:crypto";
import { link, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Attempt, AttemptContext, Message, Notifier } from "../../contract.ts";
import { dialled, markOf, oneLine, phoneNumber, shorten } from "../../shared/notify/words.ts";

const ModemSpoolConfig = z.strictObject({
  /** Where the modem's daemon takes messages from: `/var/spool/sms/outgoing` of smstools. */
  folder: z.string().min(1),
  /** Fixed numbers; without them the person on call is reached. */
  to: z
    .array(
      z
        .string()
        .refine((text) => phoneNumber(text) !== undefined, "not a telephone number, such as +33612345678"),
    )
    .min(1)
    .max(20)
    .optional(),
  /** (Default: 33, for 0612345678.) */
  country_code: z
    .string()
    .regex(/^[1-9][0-9]{0,2}$/)
    .default("33"),
  /** (Default: 320.) */
  characters: z.int().min(70).max(1000).default(320),
});
type ModemSpoolConfig = z.infer<typeof ModemSpoolConfig>;

/**
 * An SMS by a modem of the machine itself, for when the line is cut: a file in the spool of its daemon (smstools).
 *
 * Delivered means taken by the spool. The file is written whole beside its place and then named: the daemon never reads
 * half of one, and a repeat finds its name taken.
 */
export const modemSpool = {
  name: "modem-spool",
  summary: "SMS by a local modem: a file in the spool folder of smstools",
  config: ModemSpoolConfig,
  repeatable: true,
  reaches: "phone",
  open(config) {
    return {
      async send(message: Message, { to }: AttemptContext): Promise<Attempt> {
        const numbers = (config.to ?? [to?.phone ?? ""]).flatMap(
          (each) => dialled(each, config.country_code) ?? [],
        );
        if (numbers.length === 0)
          return { outcome: "refused", because: `${to?.name ?? "personne"} : aucun numéro valable` };
        try {
          for (const number of numbers) await spool(config, { number, message });
        } catch (error) {
          const { code, message: why } = error as NodeJS.ErrnoException;
          return { outcome: "unreachable", because: sayFault(config.folder, code ?? why) };
        }
        return { outcome: "delivered", because: `déposé pour le modem, réf. ${markOf(message)}` };
      },
    };
  },
} satisfies Notifier<ModemSpoolConfig>;

function sayFault(folder: string, code: string): string {
  if (code === "ENOENT" || code === "ENOTDIR") return `le dossier du modem ${folder} n'existe pas (${code})`;
  if (code === "ENOSPC" || code === "EDQUOT") return `le disque du modem est plein (${code})`;
  return `le dossier du modem ${folder} ne peut pas être écrit (${code})`;
}

async function spool(
  config: ModemSpoolConfig,
  { number, message }: { number: string; message: Message },
): Promise<void> {
  const name = `tocsin-${createHash("sha256").update(`${number}\n${message.key}`).digest("hex").slice(0, 32)}`;
  const whole = join(config.folder, name);
  // smstools skips a file that a lock names, and what is locked is not yet there.
  const beside = join(config.folder, `.${name}.part`);
  const tail = ` ${message.link} (réf. ${markOf(message)})`;
  const words = `${oneLine(message.subject)}. ${oneLine(message.text)}`;
  const text = `${shorten(words, Math.max(40, config.characters - tail.length))}${tail}`;
  await rm(beside, { force: true });
  const file = await open(beside, "wx", 0o660);
  try {
    await file.writeFile(`To: ${number.replace(/^\+/, "")}\nAlphabet: UTF-8\n\n${text}`);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(beside, whole);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await rm(beside, { force: true });
  }
}
