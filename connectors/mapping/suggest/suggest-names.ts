/** Where a value goes by the name of its field; the surest names of a target first. */
const NAMES: Readonly<Record<string, string>> = {
  "@timestamp":
    "timestamp eventtime eventtimestamp datetime eventdate eventdatetime time date logtime logdate createdat " +
    "creationtime detectedat detectiontime detectiondate occurredat generatedtime timegenerated horodatage ts",
  source:
    "srcip sourceip src sourceaddress sourceaddr srcaddr srcaddress saddr sip ipsrc ipsource clientip clientaddr " +
    "clientaddress cip remoteip remoteaddr remoteaddress peerip peeraddr peeraddress rhost fromip attackerip callerip " +
    "originip initiatorip externalip loginip sourceipaddress adressesource adresseclient ipclient client peer from ip " +
    "ipaddress ipaddr address adresse",
  "source.port": "srcport sourceport sport spt clientport remoteport peerport portsource",
  "source.mac": "srcmac smac sourcemac clientmac sourcemacaddress mac macaddress",
  "source.domain": "srchost srcname sourcehost sourcename sourcehostname shost clienthost clientname",
  "source.bytes": "sentbytes bytessent sentbyte sent bytesout outbytes txbytes srcbytes",
  destination:
    "dstip destinationip destip dst dest destinationaddress destaddress destaddr dstaddr dstaddress daddr dip ipdst " +
    "ipdest serverip serveraddr serveraddress targetip targetaddr targetaddress target responderip adressecible " +
    "destinationipaddress ipcible ipserveur to",
  "destination.port": "dstport destinationport destport dport dpt serverport targetport portdest port",
  "destination.mac": "dstmac dmac destmac destinationmac targetmac",
  "destination.domain":
    "dsthost dstname desthost destinationhost destinationhostname dhost targethost serverhost",
  "destination.bytes": "rcvdbytes rcvdbyte bytesreceived recvbytes bytesin inbytes rxbytes dstbytes",
  "user.name":
    "user username usr uname login loginname loginid account accountname acct samaccountname userprincipalname upn " +
    "principal actor actorname operator operateur utilisateur identifiant compte suser subjectusername who",
  "user.id": "userid uid usersid sid accountid",
  "user.full_name": "userfullname fullname displayname userdisplayname nomcomplet",
  "user.email": "useremail usermail mail email emailaddress",
  "user.domain": "userdomain ntdomain accountdomain logindomain",
  "user.target.name": "targetuser targetusername dstuser duser targetaccount affecteduser",
  "group.name": "group groupname usergroup groupe",
  host:
    "hostname host devicename computername computer machine machinename endpoint endpointname workstation " +
    "workstationname agenthost agenthostname assetname nodename node device poste nomposte serveur servername fqdn " +
    "hote nomhote station",
  "host.id": "hostid deviceid machineid agentid endpointid assetid computerid",
  "observer.name": "devname firewall fw gateway sensor sensorname appliance probe sonde equipement",
  "observer.serial_number": "serial serialnumber serialno sn devid",
  "event.action":
    "action act evt event eventname eventaction eventtype operation activity verb disposition actiontaken evenement " +
    "operationname activityname op",
  "event.code": "eventid eventcode logid msgid messageid alertcode code evtid",
  "event.id": "eventuuid alertuuid alertid incidentid detectionid uuid guid id",
  "event.reason":
    "reason why cause motif raison failurereason denyreason errormessage explanation details detail description",
  "event.outcome": "outcome result status success decision resultat statut eventoutcome verdict res",
  "event.start": "starttime start startdate begintime debut",
  "event.end": "endtime end enddate fin",
  "rule.name":
    "rule rulename policy policyname signature signaturename alertname alerttitle detectionname detection threatname " +
    "threat attack attackname virus virusname malware malwarename title regle politique nomregle menace",
  "rule.id": "ruleid policyid signatureid sigid threatid",
  "rule.category": "category classification threattype threatcategory alerttype attacktype categorie",
  "file.name": "filename file fichier nomfichier objectname attachment",
  "file.path": "filepath path fullpath objectpath chemin",
  "file.size": "filesize",
  "file.hash.sha256": "sha256 sha256hash filesha256 hashsha256 hash",
  "file.hash.sha1": "sha1 sha1hash filesha1 hashsha1",
  "file.hash.md5": "md5 md5hash filemd5 hashmd5",
  "process.name": "process processname procname program image processimage processus",
  "process.pid": "pid processid",
  "process.command_line": "commandline cmdline cmd processcommandline command commande",
  "process.executable": "executable exe processpath imagepath imagefilename processexecutable",
  "process.parent.name": "parentprocess parentname parentprocessname parentimage",
  "process.parent.command_line": "parentcommandline parentcmdline",
  "url.original": "url uri requesturl requesturi link lien",
  "url.domain": "urldomain urlhost requesthost site domain domaine",
  "http.request.method": "method httpmethod requestmethod",
  "http.request.referrer": "referer referrer httpreferer",
  "http.response.status_code": "httpstatus httpstatuscode statuscode responsecode httpcode",
  "user_agent.original": "useragent ua httpuseragent browser",
  "network.transport": "proto protocol ipproto ipprotocol transport protocole transportprotocol",
  "network.application": "app application appname applicationname",
  "network.direction": "direction dir conndirection trafficdirection sens",
  "service.name": "service servicename svc",
  "dns.question.name": "query qname queryname dnsquery dnsname questionname",
  "email.from.address": "sender mailfrom fromaddress emailfrom expediteur envelopefrom",
  "email.to.address": "recipient rcpt recipients mailto toaddress emailto destinataire rcptto",
  "email.subject": "subject emailsubject mailsubject objet",
  "email.message_id": "emailmessageid mailid internetmessageid",
};

/** Names under which products say how grave something is. */
const SEVERITY = new Set(
  "severity sev level lvl priority prio gravity grav gravite risk risklevel riskscore criticality criticity criticite threatlevel threatscore score alertlevel loglevel alertseverity eventseverity severityname urgency niveau impact".split(
    " ",
  ),
);

/** Names under which a record tells its product, the surest first. */
const PRODUCT =
  "product productname deviceproduct prod vendor vendorname devicevendor vendorproduct manufacturer logsource source " +
  "sourcetype logtype module feed provider channel appliancetype devicetype sensortype eventsource origin application " +
  "app program category type subtype service";
const PRODUCT_RANKS = new Map(PRODUCT.split(" ").map((name, rank) => [name, rank]));
/** Rank from which such a name tells too little alone. */
const WEAK = PRODUCT.split(" ").indexOf("logsource");

const TARGETS = new Map<string, { target: string; rank: number }>();
for (const [target, names] of Object.entries(NAMES))
  for (const [rank, name] of names.split(" ").entries())
    if (!TARGETS.has(name)) TARGETS.set(name, { target, rank });

/** What a field may be called: all of its name, then its last two parts, then its last. */
function callsOf(name: string): string[] {
  const bare = (text: string) => text.toLowerCase().replace(/[-_ @[\]]/g, "");
  const parts = name.slice(0, 256).split(".").map(bare);
  return [parts.join(""), parts.slice(-2).join(""), parts.at(-1) ?? ""];
}

/** The target that a field's name tells, and how sure the name is: 0 is surest; undefined when it tells none. */
export function targetOf(name: string): { target: string; rank: number } | undefined {
  for (const call of callsOf(name)) {
    const found = TARGETS.get(call);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Says whether a field's name is one of a severity. */
export function isSeverityName(name: string): boolean {
  return callsOf(name).some((call) => SEVERITY.has(call));
}

/** How well a field's name tells the product: 0 is best; undefined when it does not. */
export function productRank(name: string): { rank: number; weak: boolean } | undefined {
  const rank = PRODUCT_RANKS.get(callsOf(name)[0] ?? "");
  return rank === undefined ? undefined : { rank, weak: rank >= WEAK };
}
