import { Alert } from "../../agent/core/alert.ts";
import { TAXONOMY } from "../engine/field-places.ts";
import type { LogSource } from "../engine/rule.ts";
import { VERDICT_FIELD } from "../engine/verdict.ts";

const words = (text: string) => text.trim().split(/\s+/);

/** Names in the header of every Windows event, as collectors flatten it. */
const WINDOWS_HEADER = words(`
  EventID EventId Provider_Name ProviderName Provider_Guid Channel Computer ComputerName Level Task Opcode Keywords
  EventRecordID RecordNumber Version Execution_ProcessID Execution_ThreadID Security_UserID TimeCreated Message Data
  Binary Source SourceName EventType EventLog Qualifiers Correlation_ActivityID UserID UtcTime User`);

/** Sysmon's schema (events 1 to 29), which Sysmon for Linux shares. */
const SYSMON = words(`
  RuleName UtcTime ProcessGuid ProcessId Image FileVersion Description Product Company OriginalFileName CommandLine
  CurrentDirectory User LogonGuid LogonId TerminalSessionId IntegrityLevel Hashes ParentProcessGuid ParentProcessId
  ParentImage ParentCommandLine ParentUser TargetFilename CreationUtcTime PreviousCreationUtcTime Protocol Initiated
  SourceIsIpv6 SourceIp SourceHostname SourcePort SourcePortName DestinationIsIpv6 DestinationIp DestinationHostname
  DestinationPort DestinationPortName State Version SchemaVersion ImageLoaded Signed Signature SignatureStatus
  SourceProcessGuid SourceProcessId SourceImage TargetProcessGuid TargetProcessId TargetImage NewThreadId StartAddress
  StartModule StartFunction SourceUser TargetUser Device SourceProcessGUID TargetProcessGUID SourceThreadId
  GrantedAccess CallTrace EventType TargetObject Details NewName Hash Contents Configuration ConfigurationFileHash
  PipeName Operation EventNamespace Name Query Type Destination Consumer Filter QueryName QueryStatus QueryResults
  IsExecutable Archived Session ClientInfo ID md5 sha1 sha256 imphash Imphash SourceFilename
  SourceCommandLine SourceParentImage TargetParentImage TargetParentProcessId GrandParentImage GrandparentCommandLine
  ParentIntegrityLevel TargetCommandLine ProcessCommandLine`);

/** Data of Microsoft's auditing (channel Security) and of the other channels that rules read, from its documentation. */
const WINDOWS_DATA = words(`
  SubjectUserSid SubjectUserName SubjectDomainName SubjectLogonId SubjectAccountName TargetUserSid TargetUserName
  TargetDomainName TargetLogonId TargetLogonGuid TargetServerName TargetInfo TargetSid TargetName TargetOutboundUserName
  TargetOutboundDomainName TargetLinkedLogonId LogonType LogonProcessName AuthenticationPackageName WorkstationName
  Workstation LogonGuid TransmittedServices LmPackageName KeyLength ProcessName NewProcessName NewProcessId
  ParentProcessName TokenElevationType MandatoryLabel ImpersonationLevel RestrictedAdminMode VirtualAccount
  ElevatedToken IpAddress IpPort Status SubStatus FailureReason FailureCode ServiceName ServiceSid TicketOptions
  TicketEncryptionType TicketEncryptionTypes PreAuthType CertIssuerName CertSerialNumber CertThumbprint
  ObjectServer ObjectType ObjectName ObjectValueName HandleId OperationType AccessList AccessMask AccessReason
  Properties AdditionalInfo AdditionalInfo2 PrivilegeList ResourceAttributes RestrictedSidCount TransactionId
  OldValue NewValue OldValueType NewValueType OldSd NewSd OldTargetUserName NewTargetUserName SamAccountName
  DisplayName UserPrincipalName HomeDirectory HomePath ScriptPath ProfilePath UserWorkstations PasswordLastSet
  AccountExpires PrimaryGroupId AllowedToDelegateTo OldUacValue NewUacValue UserAccountControl UserParameters
  SidHistory SidList LogonHours DnsHostName ServicePrincipalNames MemberName MemberSid GroupTypeChange
  CategoryId SubcategoryId SubcategoryGuid AuditPolicyChanges AuditSourceName EventSourceId DomainPolicyChanged
  ShareName ShareLocalPath RelativeTargetName FileName LinkName TaskName TaskContent TaskContentNew ClientProcessId
  ClientProcessStartKey ServiceFileName ServiceType ServiceStartType ServiceAccount StartType ImagePath AccountName
  param1 param2 param3 param4 param5 param6 param7 CallerProcessId CallerProcessName PackageName
  ObjectDN ObjectGUID ObjectClass DSName DSType AttributeLDAPDisplayName AttributeSyntaxOID AttributeValue
  OpCorrelationID AppCorrelationID TreeDelete Application Direction SourceAddress DestAddress DestPort RemoteUserID
  RemoteMachineID FilterRTID FilterOrigin LayerName LayerRTID ProcessID ApplicationPath ModifyingApplication
  ModifyingUser RuleId RuleAttr RemoteAddresses LocalAddresses LocalPorts RemotePorts Action Active Profiles
  SettingType SettingValueSize SettingValueString DeviceId DeviceDescription ClassId ClassName VendorIds CompatibleIds
  LocationInformation TemplateContent NewTemplateContent TemplateInternalName TemplateOID TemplateVersion Requester
  RequestId Attributes Subject SubjectKeyIdentifier Disposition DCDNSName SecurityDescriptor DomainName DomainSid
  ScriptBlockText ScriptBlockId MessageNumber MessageTotal Path Payload ContextInfo UserData HostApplication
  HostName HostVersion HostId EngineVersion RunspaceId PipelineId CommandName CommandType CommandPath CommandLine
  NewEngineState PreviousEngineState SequenceNumber ProviderContextName
  ActionName ActionID ResultCode TaskInstanceId EnginePID InstanceId UserContext
  ThreatName ThreatID SeverityName CategoryName FWLink DetectionUser ErrorCode ErrorDescription RemediationUser
  ActionSuccess Origin OriginName Exclusions SourceID FeatureName ProductName ProductVersion
  AppName AppVersion ModuleName ModuleVersion ExceptionCode FaultingOffset ProcessPath ProcessPathLength
  FileNameBuffer ProcessNameBuffer RequestedPolicy ValidatedPolicy SignatureLevel PolicyName PolicyGUID
  ServerName ServerAddress UserName Address LocalName RemoteName RemoteAddress Reason Identity ServiceGUID
  PackageFullName PackageSourceUri PackagePath HasFullTrust CallingProcess DeploymentOperation Flags Caption
  HiveName KeyPath DeviceName DriverName ServerNameLength SigningUsed EncryptionUsed SearchFilter DistinguishedName
  ScopeOfSearch AttributeList ProcessPathName QNAME QTYPE XID Zone subjectName Feature_Name PossibleCause
  Value IsatapRouter ClientAddress Service DeviceInstanceId PolicyAppId AppID Url url LocalAddress FilterName
  ImageName processPath processId process`);

/** Keys of records of Linux' audit system (audit-userspace, specs/fields/field-dictionary.csv). */
const AUDIT = words(`
  a0 a1 a2 a3 a4 a5 a6 a7 a8 a9 acct addr arch argc audit_backlog_limit auid cap_fe cap_fi cap_fp cap_fver capability
  cgroup cipher cmd comm cwd data dev dir direction egid euid exe exit family fd file flags fp fs fsgid fsuid fver gid
  grantors hostname icmptype id igid inode ino items key kind laddr list lport mac mode msg name nametype new-level obj
  oauid ogid old op opid oses ouid path per perm pfs pid ppid proctitle proto protocol rdev reason res result rport
  saddr ses sgid sig sgid subj success suid SYSCALL syscall table terminal tty type uid unit user UID USER AUID EUID
  OUID OGID GID ARCH`);

/** Sigma's taxonomy appendix: firewall, DNS, proxy, web server and antivirus. */
const NETWORK = words(`
  src_ip src_port dst_ip dst_port username action blocked
  answer query record_type parent_domain QueryName
  c-uri c-uri-extension c-uri-query c-uri-stem c-useragent cs-bytes cs-cookie cs-host cs-method r-dns cs-referrer
  cs-referer cs-version sc-bytes sc-status src_ip dst_ip cs-username cs-uri cs-uri-query cs-uri-stem cs-user-agent
  cs-content-type cs-ip c-ip date time time-taken s-computername s-ip s-port s-sitename sc-substatus
  sc-win32-status x-forwarded-for host
  Filename Signature Action ComputerName Type User Hashes FileHash`);

const closed = (...lists: string[][]) => new Set(lists.flat());
const WINDOWS = closed(WINDOWS_HEADER, SYSMON, WINDOWS_DATA);
const LINUX = closed(SYSMON, AUDIT, WINDOWS_HEADER);
const ANY_NETWORK = closed(NETWORK);

/** Categories whose fields the specification lists. */
const NETWORK_CATEGORIES = new Set(["firewall", "dns", "proxy", "webserver", "antivirus"]);

/** Fields that events of a log source may have. */
export interface KnownFields {
  has(field: string): boolean;
  names: readonly string[];
  /** Whether a field that is not among them is one that no such event has; else it may be a product's own. */
  complete: boolean;
}

/**
 * What is known of the fields of a log source.
 *
 * Sources that write JSON of their own making (clouds, applications) have names without end: only what the
 * specification or a collector fixes can be told from a slip.
 */
export function knownFields(logsource: LogSource): KnownFields {
  const { product, category, service } = logsource;
  const own =
    product === "windows"
      ? WINDOWS
      : product === "linux" || product === "macos"
        ? LINUX
        : NETWORK_CATEGORIES.has(category ?? "")
          ? ANY_NETWORK
          : undefined;
  const complete =
    own !== undefined && (category !== undefined || service === "security" || service === "sysmon");
  return {
    has: (field) =>
      field === VERDICT_FIELD || TAXONOMY.has(field) || isEcs(field) || (own?.has(field) ?? false),
    names: [...new Set([...(own ?? []), ...TAXONOMY.keys()])],
    complete,
  };
}

const ECS_GROUPS = new Set(Object.keys(Alert.shape));

/** ECS names have groups of their own; `fields.` and vendors' paths are the source's. */
function isEcs(field: string): boolean {
  return ECS_GROUPS.has(field.split(".", 1)[0] as string) || field.includes(".");
}
