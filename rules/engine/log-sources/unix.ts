import { type Row, rowsOfPrograms } from "./row.ts";

/** Programs of each service. */
const LINUX_SERVICES: Record<string, readonly string[]> = {
  sshd: ["sshd", "sshd-session", "sshd-auth"],
  sudo: ["sudo"],
  cron: ["cron", "crond", "crontab", "anacron"],
  auditd: ["auditd", "audispd", "audit", "audisp-syslog"],
  clamav: ["clamd", "clamav", "clamscan", "freshclam", "clamdscan"],
  guacamole: ["guacd"],
  vsftpd: ["vsftpd"],
  auth: "sshd sshd-session sshd-auth sudo pkexec su login passwd useradd usermod userdel groupadd systemd-logind polkitd pam unix_chkpwd".split(
    " ",
  ),
};

/** Programs whose logs tell of what runs in them. */
const APPLICATIONS: Record<string, readonly string[]> = {
  django: ["django"],
  jvm: ["java", "tomcat", "catalina", "jetty"],
  kubernetes: ["kube-apiserver"],
  nodejs: ["node", "nodejs", "pm2"],
  opencanary: ["opencanary", "opencanaryd"],
  python: ["python", "python2", "python3", "gunicorn", "uwsgi"],
  ruby_on_rails: ["rails", "puma", "unicorn", "passenger"],
  spring: ["spring", "java"],
  sql: ["postgres", "mysqld", "mariadbd", "sqlservr"],
  velocity: ["velocity", "java"],
};

/** What tells the log sources of Unix systems and of the applications on them. */
export const UNIX_ROWS: Row[] = [
  { when: { "event.module": ["syslog"] }, is: { product: "linux", service: "syslog" } },
  { when: { "event.dataset": ["journald"] }, is: { product: "linux", service: "syslog" } },
  ...Object.entries(LINUX_SERVICES).flatMap(([service, programs]) =>
    rowsOfPrograms(programs, { product: "linux", service }),
  ),
  // The audit system tells a command line in one record, its program in another.
  {
    when: { "event.module": ["auditd"], type: ["execve"] },
    is: { product: "linux", category: "process_creation" },
  },
  {
    when: { "event.module": ["auditd"], SYSCALL: ["execve", "execveat"] },
    is: { product: "linux", category: "process_creation" },
  },
  ...Object.entries(APPLICATIONS).flatMap(([product, programs]) =>
    rowsOfPrograms(programs, { category: "application", product }),
  ),
  {
    when: { "process.name": ["clamd", "clamscan", "clamdscan", "clamonacc"] },
    is: { category: "antivirus" },
  },
  { when: { "process.name": ["postgres", "mysqld", "mariadbd"] }, is: { category: "database" } },
  {
    when: { "process.name": ["kernel"], "event.dataset": ["iptables.log"] },
    is: { product: "linux", category: "firewall" },
  },
];
