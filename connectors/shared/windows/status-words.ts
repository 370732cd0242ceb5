/**
 * What the commonest codes of a refused logon mean, in Microsoft's words.
 *
 * https://github.com/MicrosoftDocs/windows-itpro-docs, windows/security/threat-protection/auditing/event-4625.md,
 * read 2026-11-23.
 */
const LOGON = new Map([
  ["c000005e", "There are currently no logon servers available to service the logon request."],
  ["c0000064", "User logon with misspelled or bad user account"],
  ["c000006a", "User logon with misspelled or bad password"],
  ["c000006d", "This is either due to a bad username or authentication information"],
  ["c000006e", "Unknown user name or bad password."],
  ["c000006f", "User logon outside authorized hours"],
  ["c0000070", "User logon from unauthorized workstation"],
  ["c0000071", "User logon with expired password"],
  ["c0000072", "User logon to account disabled by administrator"],
  ["c00000dc", "Indicates the Sam Server was in the wrong state to perform the desired operation."],
  ["c0000133", "Clocks between DC and other computer too far out of sync"],
  ["c000015b", "The user has not been granted the requested logon type (aka logon right) at this machine"],
  [
    "c000018c",
    "The logon request failed because the trust relationship between the primary domain and the trusted domain failed.",
  ],
  ["c0000192", "An attempt was made to logon, but the Netlogon service was not started."],
  ["c0000193", "User logon with expired account"],
  ["c0000224", "User is required to change password at next logon"],
  ["c0000225", "Evidently a bug in Windows and not a risk"],
  ["c0000234", "User logon with account locked"],
  ["c00002ee", "Failure Reason: An Error occurred during Logon"],
  ["c0000413", "Logon Failure: The machine you are logging onto is protected by an authentication firewall."],
]);

/** The names of the commonest errors of Kerberos (RFC 4120, section 7.5.9), by their hexadecimal number. */
const KERBEROS = new Map([
  ["1", "KDC_ERR_NAME_EXP"],
  ["6", "KDC_ERR_C_PRINCIPAL_UNKNOWN"],
  ["7", "KDC_ERR_S_PRINCIPAL_UNKNOWN"],
  ["9", "KDC_ERR_NULL_KEY"],
  ["c", "KDC_ERR_POLICY"],
  ["d", "KDC_ERR_BADOPTION"],
  ["e", "KDC_ERR_ETYPE_NOSUPP"],
  ["10", "KDC_ERR_PADATA_TYPE_NOSUPP"],
  ["12", "KDC_ERR_CLIENT_REVOKED"],
  ["17", "KDC_ERR_KEY_EXPIRED"],
  ["18", "KDC_ERR_PREAUTH_FAILED"],
  ["19", "KDC_ERR_PREAUTH_REQUIRED"],
  ["1f", "KRB_AP_ERR_BAD_INTEGRITY"],
  ["20", "KRB_AP_ERR_TKT_EXPIRED"],
  ["22", "KRB_AP_ERR_REPEAT"],
  ["25", "KRB_AP_ERR_SKEW"],
  ["29", "KRB_AP_ERR_MODIFIED"],
  ["3c", "KRB_ERR_GENERIC"],
  ["3e", "KDC_ERR_CLIENT_NOT_TRUSTED"],
  ["4b", "KDC_ERR_CANT_VERIFY_CERTIFICATE"],
]);

/** What a status of a logon says in words, `0xC000006A` or `0x18`; undefined when it is success or not known. */
export function statusWords(code: string, kerberos: boolean): string | undefined {
  const digits = /^0x0{0,8}([1-9a-f][0-9a-f]{0,7})$/i.exec(code)?.[1]?.toLowerCase();
  if (digits === undefined) return undefined;
  return (kerberos ? KERBEROS.get(digits) : undefined) ?? LOGON.get(digits);
}
