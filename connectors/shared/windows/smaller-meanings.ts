import type { Family } from "./family.ts";

/**
 * What the events of the smaller logs mean, in the table of `meanings.ts`.
 *
 * The sentences of the events: https://detection-wiki-dev.pages.dev/microsoft-windows-printservice/,
 * …/microsoft-windows-codeintegrity/ and …/microsoft-windows-windows-firewall-with-advanced-security/2004, read
 * 2026-11-23.
 */
export const SMALLER_MEANINGS: readonly (readonly [Family, string])[] = [
  [
    "applocker",
    `
  8002 8005 8020 8023 | allowed-to-run | process | start | success
  8003 8006 8021 8024 | allowed-to-run-audited | process | start | success | 40
  8004 8007 8022 8025 | prevented-from-running | process | info | failure | 50
  `,
  ],
  [
    "firewall",
    `
  2002 2003 2008 | windows-firewall-setting-changed | configuration | change
  2004 2071 2097 | windows-firewall-rule-added | configuration | creation
  2005 2099 | windows-firewall-rule-modified | configuration | change
  2006 2052 | windows-firewall-rule-deleted | configuration | deletion
  2033 | windows-firewall-rules-deleted | configuration | deletion
  `,
  ],
  [
    "rdp-client",
    `
  1024 | remote-connection-attempted | network session | start connection
  `,
  ],
  [
    "bits",
    `
  3 | transfer-job-created | network | info
  59 | transfer-started | network | start
  60 | transfer-stopped | network | end
  16403 | transfer-file-added | network | info
  `,
  ],
  [
    "printing",
    `
  307 | document-printed | host | info | success
  316 | printer-driver-added | driver | change
  808 | print-plugin-failed | driver | error | failure
  `,
  ],
  [
    "code-integrity",
    `
  3001 | unsigned-driver-loaded | driver | start || 50
  3002 3003 3004 3005 | image-not-verified | driver | error | failure
  3021 3022 | revoked-driver-loaded | driver | start || 50
  3023 | revoked-driver-prevented | driver | info | failure | 50
  3065 3066 3076 | image-allowed-audited | process | info | success | 40
  3033 3077 | image-prevented | process | info | failure | 50
  `,
  ],
  [
    "crashes",
    `
  1000 1001 | application-crashed | process | end
  `,
  ],
  [
    "directory",
    `
  39 | certificate-not-mapped | authentication | info
  2889 | unsigned-ldap-bind | authentication | start
  2946 | managed-password-fetched | iam | info | success
  `,
  ],
  [
    "audit-cve",
    `
  1 | exploit-attempted | intrusion_detection | info || 50
  `,
  ],
  [
    "smb",
    `
  551 | logon-failed | authentication | start | failure
  `,
  ],
  [
    "defender",
    `
  1120 | threat-hashes-computed | malware | info
  `,
  ],
  [
    "security",
    `
  4928 | replica-source-added | configuration | creation
  4929 | replica-source-removed | configuration | deletion
  `,
  ],
];
