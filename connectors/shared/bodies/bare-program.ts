/** The shape of what a program says, for those whose words nothing else begins with. */
interface Bare {
  program: string;
  /** Bounded: it is given the first 512 characters of a message. */
  text: RegExp;
}

const SSHD: Bare = {
  program: "sshd",
  text: /^(?:(?:error|fatal): )?(?:kex_exchange_identification: |(?:(?:Accepted|Failed|Postponed|Partial) \S{1,40} for |(?:Invalid|User|Received|Disconnect(?:ed|ing)|Connection|Unable|Timeout|Starting|Close|Did|Bad|maximum|banner) ).{0,300}(?: port \d{1,5}(?:\D|$)| ssh\d?$| not allowed because |receive identification string from |user \S{1,255} from ))/,
};
const PAM: Bare = {
  program: "",
  text: /^(?:pam_[a-z0-9_]{1,32}(?:\([^\s()]{0,80}\))?:|\(pam_[a-z0-9_]{1,32}\)) /,
};
const DHCP: Bare = {
  program: "dhcpd",
  text: /^DHCP[A-Z]{2,10}(?:\([^\s()]{1,64}\)| (?:on|for|from|of|to) )/,
};
const NAMED: Bare = {
  program: "named",
  text: /^(?:queries: info: )?client (?:@0x[\da-f]{1,16} )?[\da-f.:]{2,45}#\d{1,5}(?: \([^\s()]{0,255}\))?: /,
};
/** What a resolver says of an answer that it could not use. */
const RESOLVER: Bare = {
  program: "named",
  text: /^(?:[A-Za-z][\w ().-]{0,160} resolving '[^\s']{1,300}': [\da-f.:]{2,45}#\d{1,5}$|DNS format error from [\da-f.:]{2,45}#\d{1,5} resolving \S{1,300}\/[A-Z0-9]{1,16}(?: for |: ))/,
};
const CRON: Bare = {
  program: "cron",
  text: /^\([\w.-]{1,64}\) (?:CMD|CMDEND|CMDOUT|RELOAD|REPLACE|LIST|BEGIN EDIT|END EDIT) \(/,
};
const NAGIOS: Bare = {
  program: "nagios",
  text: /^(?:CURRENT )?(?:HOST|SERVICE) (?:ALERT|STATE|NOTIFICATION|FLAPPING ALERT|DOWNTIME ALERT): /,
};

const POSTFIX: Bare = {
  program: "postfix",
  text: /^(?:(?:dis)?connect|lost connection after [A-Z -]{1,32}(?: \(\d{1,12} bytes\))?) from [^\s[\]]{0,255}\[[\da-fA-F.:]{2,45}\]/,
};
/** `7B3643F820: to=<…>, relay=…`, of a message in the queue, which its identifier leads. */
const QUEUED =
  /^(?:NOQUEUE|[\dA-F]{5,20}|[\dB-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,24}): (?:(?:to|from|orig_to)=<|client=[^\s[\]]{1,255}\[|(?:resent-)?message-id=|uid=\d|removed$|(?:host|conversation with|lost connection with) [^\s[\]]{1,255}\[|(?:warning|reject|hold|replace|prepend|discard|redirect|filter|info): (?:header|body) |(?:milter-|proxy-)?(?:reject|reject_warning|discard|defer|filter|hold|accept|redirect|warn): [A-Z][A-Z -]{0,24} from )/;

/** By the first word of a message, up to what is no letter. */
const BY_WORD: ReadonlyMap<string, Bare> = new Map(
  (
    [
      [
        SSHD,
        "Accepted Failed Postponed Partial Invalid User Received Disconnected Disconnecting Connection Unable Timeout " +
          "Starting Close Did Bad maximum banner kex error fatal",
      ],
      [PAM, "pam"],
      [DHCP, "DHCPDISCOVER DHCPOFFER DHCPREQUEST DHCPACK DHCPNAK DHCPDECLINE DHCPRELEASE DHCPINFORM"],
      [NAMED, "client queries"],
      [
        RESOLVER,
        "SERVFAIL FORMERR REFUSED NXDOMAIN NOTIMP host network unexpected lame connection timed DNS",
      ],
      [NAGIOS, "HOST SERVICE CURRENT"],
      [POSTFIX, "connect disconnect lost"],
    ] as const
  ).flatMap(([bare, words]) => words.split(" ").map((word) => [word, bare] as const)),
);

const LONGEST = 512;

/**
 * The program whose saying a message without a header is, told by its first word and then by its shape.
 *
 * Empty for a module that says itself through which program it speaks; undefined when it may be anything.
 */
export function bareProgram(text: string, from: number): string | undefined {
  let end = from;
  while (end - from < 24 && isLetter(text.charCodeAt(end))) end++;
  const opened = end === from && text.charCodeAt(from) === 0x28;
  if (isQueued(text, from)) return "postfix";
  if (end === from && !opened) {
    return undefined;
  }
  const bare = opened ? (text.startsWith("(pam_", from) ? PAM : CRON) : BY_WORD.get(text.slice(from, end));
  if (bare !== undefined) return bare.text.test(text.slice(from, from + LONGEST)) ? bare.program : undefined;
  // `alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/bin/ls`
  return text.startsWith(" : ", end) && SUDO.test(text.slice(end, end + LONGEST)) ? "sudo" : undefined;
}

/** Longest identifier of a queue. */
const LONGEST_ID = 24;

function isQueued(text: string, from: number): boolean {
  const end = text.slice(from, from + LONGEST_ID + 2).indexOf(": ");
  return end > 4 && QUEUED.test(text.slice(from, from + LONGEST));
}

const SUDO = /^ : (?:[^;]{1,128} ; )?(?:TTY|PWD)=[^;]{0,256} ; .{0,256}?COMMAND=/;

function isLetter(code: number): boolean {
  const small = code | 0x20;
  return small >= 0x61 && small <= 0x7a;
}
