import type { Family } from "./family.ts";

/** Longest sentence, and a margin. */
const LONGEST = 140;

/**
 * The number of the event whose expanded text begins so; undefined when the text does not say.
 *
 * Collectors that send the text alone leave out the number: a sentence of the English or French message tables, up to
 * its point or colon, is the number's own in one log.
 */
export function eventOfText(text: string, family: Family): number | undefined {
  const known = SENTENCES.get(family);
  if (known === undefined) return undefined;
  const head = text.slice(0, LONGEST).trimStart().replaceAll("\u2019", "'");
  for (let end = head.search(/[.:](?:\s|$)/); end > 0; ) {
    const found = known.get(head.slice(0, end).trimEnd());
    if (found !== undefined) return found;
    const next = head.slice(end + 1).search(/[.:](?:\s|$)/);
    end = next < 0 ? -1 : end + 1 + next;
  }
  return family === "system" ? systemEvent(head) : undefined;
}

/** The Service Control Manager names the service within its sentences. */
function systemEvent(head: string): number | undefined {
  if (/^The .{1,100} service entered the \w{1,16} state/.test(head)) return 7036;
  if (/^The start type of the .{1,100} service was changed/.test(head)) return 7040;
  if (/^The .{1,100} service terminated unexpectedly/.test(head)) return 7034;
  return /^The .{1,100} service failed to start/.test(head) ? 7000 : undefined;
}

const SENTENCES = new Map<Family, Map<string, number>>();

/** `number sentence`, a line each. */
function learn(family: Family, lines: string): void {
  const known = new Map<string, number>();
  for (const line of lines.trim().split("\n")) {
    const text = line.trim();
    const space = text.indexOf(" ");
    known.set(text.slice(space + 1), Number(text.slice(0, space)));
  }
  SENTENCES.set(family, known);
}

learn(
  "security",
  `
  1100 The event logging service has shut down
  1102 The audit log was cleared
  1104 The security log is now full
  4608 Windows is starting up
  4609 Windows is shutting down
  4616 The system time was changed
  4624 An account was successfully logged on
  4624 L'ouverture de session d'un compte s'est correctement déroulée
  4625 An account failed to log on
  4625 Échec d'ouverture de session d'un compte
  4625 Échec de l'ouverture de session d'un compte
  4634 An account was logged off
  4634 Fermeture de session d'un compte
  4647 User initiated logoff
  4648 A logon was attempted using explicit credentials
  4649 A replay attack was detected
  4656 A handle to an object was requested
  4657 A registry value was modified
  4658 The handle to an object was closed
  4660 An object was deleted
  4662 An operation was performed on an object
  4663 An attempt was made to access an object
  4670 Permissions on an object were changed
  4672 Special privileges assigned to new logon
  4672 Privilèges spéciaux attribués à la nouvelle ouverture de session
  4673 A privileged service was called
  4674 An operation was attempted on a privileged object
  4688 A new process has been created
  4688 Un nouveau processus a été créé
  4689 A process has exited
  4697 A service was installed in the system
  4698 A scheduled task was created
  4699 A scheduled task was deleted
  4700 A scheduled task was enabled
  4701 A scheduled task was disabled
  4702 A scheduled task was updated
  4704 A user right was assigned
  4705 A user right was removed
  4706 A new trust was created to a domain
  4719 System audit policy was changed
  4720 A user account was created
  4720 Un compte d'utilisateur a été créé
  4722 A user account was enabled
  4722 Un compte d'utilisateur a été activé
  4723 An attempt was made to change an account's password
  4724 An attempt was made to reset an account's password
  4725 A user account was disabled
  4725 Un compte d'utilisateur a été désactivé
  4726 A user account was deleted
  4726 Un compte d'utilisateur a été supprimé
  4727 A security-enabled global group was created
  4728 A member was added to a security-enabled global group
  4729 A member was removed from a security-enabled global group
  4730 A security-enabled global group was deleted
  4731 A security-enabled local group was created
  4732 A member was added to a security-enabled local group
  4733 A member was removed from a security-enabled local group
  4734 A security-enabled local group was deleted
  4735 A security-enabled local group was changed
  4737 A security-enabled global group was changed
  4738 A user account was changed
  4738 Un compte d'utilisateur a été modifié
  4739 Domain Policy was changed
  4740 A user account was locked out
  4740 Un compte d'utilisateur a été verrouillé
  4741 A computer account was created
  4742 A computer account was changed
  4743 A computer account was deleted
  4754 A security-enabled universal group was created
  4755 A security-enabled universal group was changed
  4756 A member was added to a security-enabled universal group
  4757 A member was removed from a security-enabled universal group
  4758 A security-enabled universal group was deleted
  4764 A group's type was changed
  4765 SID History was added to an account
  4767 A user account was unlocked
  4768 A Kerberos authentication ticket (TGT) was requested
  4768 Un ticket d'authentification Kerberos (TGT) a été demandé
  4769 A Kerberos service ticket was requested
  4769 Un ticket de service Kerberos a été demandé
  4770 A Kerberos service ticket was renewed
  4771 Kerberos pre-authentication failed
  4771 La pré-authentification Kerberos a échoué
  4776 The computer attempted to validate the credentials for an account
  4776 The domain controller attempted to validate the credentials for an account
  4778 A session was reconnected to a Window Station
  4779 A session was disconnected from a Window Station
  4781 The name of an account was changed
  4798 A user's local group membership was enumerated
  4799 A security-enabled local group membership was enumerated
  4904 An attempt was made to register a security event source
  4905 An attempt was made to unregister a security event source
  4907 Auditing settings on object were changed
  4964 Special groups have been assigned to a new logon
  5136 A directory service object was modified
  5137 A directory service object was created
  5140 A network share object was accessed
  5141 A directory service object was deleted
  5142 A network share object was added
  5143 A network share object was modified
  5144 A network share object was deleted
  5145 A network share object was checked to see whether client can be granted desired access
  5152 The Windows Filtering Platform has blocked a packet
  5152 The Windows Filtering Platform blocked a packet
  5156 The Windows Filtering Platform has permitted a connection
  5156 The Windows Filtering Platform has allowed a connection
  5157 The Windows Filtering Platform has blocked a connection
  6416 A new external device was recognized by the system
  `,
);

learn(
  "system",
  `
  104 The System log file was cleared
  6005 The Event log service was started
  6006 The Event log service was stopped
  7045 A service was installed in the system
  `,
);

learn(
  "sysmon",
  `
  1 Process Create
  2 File creation time changed
  3 Network connection detected
  4 Sysmon service state changed
  5 Process terminated
  6 Driver loaded
  7 Image loaded
  8 CreateRemoteThread detected
  9 RawAccessRead detected
  10 Process accessed
  11 File created
  12 Registry object added or deleted
  13 Registry value set
  14 Registry object renamed
  15 File stream created
  16 Sysmon config state changed
  17 Pipe Created
  18 Pipe Connected
  22 Dns query
  23 File Delete archived
  24 Clipboard changed
  25 Process Tampering
  26 File Delete logged
  27 File Block Executable
  29 File Executable Detected
  `,
);
