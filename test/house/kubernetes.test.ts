import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { makeTls, TLS_FILES } from "../../agent/cli/init/make-tls.ts";
import { systemClock } from "../../agent/core/clock.ts";
import { problemSentence } from "../../agent/core/errors.ts";
import { advise } from "../../config/advise.ts";
import { adviseShared } from "../../config/advise-shared.ts";
import { parseConfig } from "../../config/load.ts";
import type { Config } from "../../config/schema.ts";
import { read } from "../support/documents.ts";
import {
  type Container,
  faultsOf,
  type KubernetesObject,
  manifestsOf,
  objectsOf,
} from "../support/kubernetes.ts";
import { PERMITTED, subjectsOf } from "../support/nats-permissions.ts";

const FOLDER = "deploy/kubernetes";
const OBJECTS = objectsOf(FOLDER);
const NATS = objectsOf(`${FOLDER}/nats`);
const ALL = [...OBJECTS, ...NATS];
const ROLES = ["receiver", "correlator", "web"] as const;
type Role = (typeof ROLES)[number];

const titleOf = ({ kind, metadata }: KubernetesObject) => `${kind} ${metadata.name}`;
const ofKind = (kind: string, among = ALL) => among.filter((each) => each.kind === kind);
const named = (kind: string, name: string) => {
  const [found, ...others] = ofKind(kind).filter(({ metadata }) => metadata.name === name);
  if (found === undefined || others.length > 0) throw new Error(`${kind} ${name}: not one`);
  return found;
};
const WORKLOADS = [...ofKind("Deployment"), ...ofKind("StatefulSet")];
const workload = (role: Role) => named(role === "receiver" ? "StatefulSet" : "Deployment", `tocsin-${role}`);
const podOf = (role: Role) => workload(role).spec.template.spec;
const portsOf = (role: Role) => podOf(role).containers[0].ports ?? [];
const textOf = (role: Role) => named("ConfigMap", `tocsin-${role}`).data?.["tocsin.yml"] ?? "";

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-kubernetes-"));
  await makeTls(folder, { names: ["tocsin.example.org"], facility: "GHT", now: systemClock.now() });
  const files = { "tls.crt": TLS_FILES.certificate, "tls.key": TLS_FILES.key, "ca.pem": TLS_FILES.authority };
  for (const [name, from] of Object.entries(files))
    writeFileSync(join(folder, name), readFileSync(join(folder, from)));
  for (const name of ["alertmanager.token", "on-call.secret", "store.password"])
    writeFileSync(join(folder, name), Buffer.from(`the secret ${name}`).toString("base64"), { mode: 0o600 });
  writeFileSync(join(folder, "bus.nkey"), `SU${"A".repeat(56)}`, { mode: 0o600 });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The configuration of a role, with what is mounted taken from a folder of the test. */
function configurationOf(role: Role): Config {
  const text = textOf(role).replaceAll(/\/run\/tocsin\/(?:secrets|tls)\//g, `${folder}/`);
  const { loaded, problems } = parseConfig(text, `/etc/tocsin/${role}.yml`, {});
  if (loaded === undefined) throw new Error(problems.map(problemSentence).join("\n"));
  const told = [...advise(loaded), ...adviseShared(loaded.config)];
  expect(told.map(({ code }) => code)).toEqual(ADVICE[role]);
  return loaded.config;
}
/** What `check` says of each, and is so by design. */
const ADVICE: Record<Role, string[]> = {
  receiver: ["systems_undescribed", "bus_without_shared_record"],
  correlator: ["nothing_arrives"],
  web: ["nothing_arrives"],
};

/** What a configuration listens on beyond its own machine. */
function listening({ listeners, sources }: Config): string[] {
  return [
    ...Object.values(listeners).map((each) => ({ ...each, protocol: "TCP" })),
    ...sources.flatMap(({ listen }) =>
      listen.map((each) => ({ ...each, protocol: each.transport === "udp" ? "UDP" : "TCP" })),
    ),
  ]
    .filter(({ address }) => address !== "127.0.0.1")
    .map(({ port, protocol }) => `${port}/${protocol}`)
    .sort();
}

describe("the schemas of Kubernetes", () => {
  it.each(ALL.map((object) => [titleOf(object), object] as const))("take %s", (_, object) => {
    expect(faultsOf(object)).toEqual([]);
  });

  it.each<[string, (object: KubernetesObject) => void, string]>([
    ["a field of the wrong type", ({ spec }) => Object.assign(spec, { replicas: "two" }), "/spec/replicas"],
    [
      "a field that does not exist",
      ({ spec }) => Object.assign(spec, { replica: 2 }),
      "/spec/replica: unknown field",
    ],
    [
      "one deep inside",
      ({ spec }) => Object.assign(spec.template.spec.containers[0], { readynessProbe: {} }),
      "/spec/template/spec/containers/0/readynessProbe: unknown field",
    ],
    ["a kind that nobody knows", (object) => Object.assign(object, { kind: "Deploiment" }), "no schema of"],
  ])("refuse %s", (_, spoil, said) => {
    const object = structuredClone(workload("web"));
    spoil(object);
    expect(faultsOf(object).join("\n")).toContain(said);
  });
});

describe("the kustomization", () => {
  it.each([FOLDER, `${FOLDER}/nats`])("%s has every manifest, and nothing that has to be filled in", (at) => {
    const { resources } = parse(read(`${at}/kustomization.yaml`)) as { resources: string[] };
    const manifests = manifestsOf(at).filter((file) => !file.includes(".example."));
    expect([...resources].sort()).toEqual(manifests);
  });
});

describe("the configuration of each role", () => {
  it.each(ROLES)("%s: is accepted, and listens on the ports of its pods", (role) => {
    const ports = portsOf(role).map(({ containerPort, protocol }) => `${containerPort}/${protocol}`);
    expect(listening(configurationOf(role))).toEqual(ports.sort());
  });

  it("is of one facility, one mode and one bus", () => {
    const all = ROLES.map(configurationOf);
    expect(new Set(all.map(({ facility, mode }) => JSON.stringify([facility, mode]))).size).toBe(1);
    const buses = all.flatMap(({ bus }) => (bus === undefined ? [] : [{ ...bus, spool: undefined }]));
    expect(buses).toHaveLength(2);
    expect(buses[0]).toEqual(buses[1]);
  });

  it("is the same for the correlator and for the pages, but for what each listens on and the bus", () => {
    const shared = (role: Role) => ({ ...configurationOf(role), bus: undefined, listeners: undefined });
    expect(shared("web")).toEqual(shared("correlator"));
  });

  it("gives the receivers no way to the record, and the pages none to the bus", () => {
    expect(configurationOf("receiver").store).toBeUndefined();
    expect(configurationOf("web").bus).toBeUndefined();
    expect(configurationOf("correlator")).toMatchObject({ store: {}, bus: {} });
  });

  it.each(ROLES)("%s: every file that it names is mounted from a secret that the example lists", (role) => {
    const mounted = podOf(role).volumes.flatMap(({ projected }) =>
      (projected?.sources ?? []).flatMap(({ secret, configMap }) => {
        const { stringData, data } = secret
          ? named("Secret", secret.name)
          : named("ConfigMap", configMap?.name ?? "");
        return Object.keys(stringData ?? data ?? {});
      }),
    );
    const wanted = [...textOf(role).matchAll(/\/run\/tocsin\/(?:secrets|tls)\/([\w.-]+)/g)].map(
      ([, name]) => name,
    );
    expect(wanted.length).toBeGreaterThan(2);
    expect(wanted.filter((name) => !mounted.includes(name ?? ""))).toEqual([]);
  });
});

describe("each role", () => {
  it.each(ROLES)("%s: runs as itself, from one image with a version", (role) => {
    const { version } = JSON.parse(read("package.json"));
    const { containers, initContainers = [] } = podOf(role);
    expect(containers[0].args).toEqual(["run", "--role", role]);
    for (const { image } of [...containers, ...initContainers])
      expect(image).toBe(`registry.example.org/tocsin:${version}`);
  });

  it.each(ROLES)("%s: stands more than once, apart, and its disruptions are bounded", (role) => {
    const { spec } = workload(role);
    expect(spec.replicas).toBeGreaterThanOrEqual(2);
    const keys = podOf(role).topologySpreadConstraints.map(({ topologyKey }) => topologyKey);
    expect(keys).toContain("kubernetes.io/hostname");
    const budget = named("PodDisruptionBudget", `tocsin-${role}`).spec;
    expect(budget.selector).toEqual(spec.selector);
    expect(budget.minAvailable ?? budget.maxUnavailable).toBe(1);
    expect(spec.template.metadata.labels).toEqual(spec.selector.matchLabels);
  });

  it.each(ROLES)("%s: is looked after by what the daemon answers, over TLS", (role) => {
    const probe = (path: string) => ({ httpGet: { path, port: "operations", scheme: "HTTPS" } });
    expect(podOf(role).containers[0]).toMatchObject({
      startupProbe: probe("/healthz"),
      readinessProbe: probe("/readyz"),
      livenessProbe: probe("/healthz"),
    });
    expect(portsOf(role)).toContainEqual({ name: "operations", containerPort: 8472, protocol: "TCP" });
    expect(workload(role).spec.template.metadata.annotations).toMatchObject({
      "prometheus.io/scheme": "https",
      "prometheus.io/port": "8472",
      "prometheus.io/path": "/metrics",
    });
  });

  it("has its keys copied to a file of its own where it signs, and no key where it does not", () => {
    const own = (role: Role) =>
      podOf(role).volumes.filter(({ secret }) => secret?.secretName === "tocsin-own");
    expect(ROLES.filter((role) => own(role).length === 1)).toEqual(["correlator", "web"]);
    for (const role of ["correlator", "web"] as const) {
      expect(podOf(role).initContainers).toHaveLength(1);
      expect(configurationOf(role).state_directory).toBe("/state/own");
    }
    expect(Object.keys(named("Secret", "tocsin-own").stringData ?? {}).sort()).toEqual([
      "mask-secret",
      "session-secret",
      "signing-key.pem",
    ]);
  });

  it("keeps what receivers have acknowledged on a volume that outlives the pod, and is large enough", () => {
    const { spool } = configurationOf("receiver").bus ?? {};
    const [claim] = workload("receiver").spec.volumeClaimTemplates ?? [];
    const mount = podOf("receiver").containers[0].volumeMounts.find(
      ({ name }) => name === claim?.metadata.name,
    );
    expect(mount?.mountPath).toBe(spool?.folder);
    const size = /storage: (\d+)Gi/.exec(read(`${FOLDER}/receiver.yaml`))?.[1];
    expect(Number(size) * 1024).toBeGreaterThan(spool?.megabytes ?? Number.POSITIVE_INFINITY);
  });
});

describe("services", () => {
  it.each(ofKind("Service").map((object) => [object.metadata.name, object] as const))(
    "%s: leads to ports that pods have",
    (_, { spec }) => {
      const pods = WORKLOADS.filter(({ spec: { template } }) =>
        Object.entries(spec.selector).every(([name, value]) => template.metadata.labels[name] === value),
      );
      expect(pods).toHaveLength(1);
      const known = (pods[0]?.spec.template.spec.containers[0].ports ?? []).map(
        ({ name, protocol }) => `${name}/${protocol}`,
      );
      expect(spec.ports?.length).toBeGreaterThan(0);
      for (const { targetPort, protocol } of spec.ports ?? [])
        expect(known).toContain(`${targetPort}/${protocol}`);
    },
  );

  it("open to others every port on which receivers take in alerts, and never that of health", () => {
    const open = named("Service", "tocsin-receiver").spec.ports?.map(({ targetPort }) => targetPort) ?? [];
    const taking = portsOf("receiver").map(({ name }) => name);
    expect(open.sort()).toEqual(taking.filter((name) => name !== "operations").sort());
  });

  it("bring people to the pages, in one pod for one person", () => {
    expect(named("Service", "tocsin-web").spec).toMatchObject({ sessionAffinity: "ClientIP" });
  });
});

describe("network policies", () => {
  const policy = (name: string) => named("NetworkPolicy", name).spec;
  const out = (name: string) =>
    (policy(name).egress ?? []).flatMap(({ ports }) => ports.map(({ port }) => port)).sort();

  it("let nothing in or out that none allows", () => {
    expect(policy("default-deny")).toEqual({ podSelector: {}, policyTypes: ["Ingress", "Egress"] });
  });

  it.each<[string, (number | string)[]]>([
    ["tocsin-receiver", [4222]],
    ["tocsin-web", [5432]],
    ["tocsin-correlator", [4222, 443, 465, 5432, 587]],
    ["tocsin-nats", ["cluster"]],
  ])("let %s out to %s and nothing else", (name, ports) => {
    expect(policy(name).policyTypes).toEqual(["Ingress", "Egress"]);
    expect(out(name)).toEqual(ports);
  });

  it.each(ROLES)("select the pods of %s, and let in what they listen on, from those named", (role) => {
    const { podSelector, ingress = [] } = policy(`tocsin-${role}`);
    expect(podSelector).toEqual(workload(role).spec.selector);
    const ports = ingress.flatMap((rule) => rule.ports.map(({ port, protocol }) => `${port}/${protocol}`));
    expect(ports.sort()).toEqual(
      portsOf(role)
        .map(({ name, protocol }) => `${name}/${protocol}`)
        .sort(),
    );
    for (const { from = [] } of ingress) expect(from.length).toBeGreaterThan(0);
    expect(ingress.flatMap(({ from = [] }) => from.map(({ ipBlock }) => ipBlock?.cidr))).not.toContain(
      "0.0.0.0/0",
    );
  });
});

describe("every pod", () => {
  const containers = WORKLOADS.flatMap((object) => {
    const { containers: main, initContainers = [] } = object.spec.template.spec;
    return [...main, ...initContainers].map((each): [string, Container] => [
      `${titleOf(object)}: ${each.name}`,
      each,
    ]);
  });

  it.each(containers)("%s may do nothing but its work, from an image with a version", (_, container) => {
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(container.image).toMatch(/^[a-z0-9./-]+:\d+\.\d+[\w.-]*$/);
    expect(container.resources).toMatchObject({
      requests: { cpu: /./, memory: /./ },
      limits: { memory: /./ },
    });
  });

  it.each(WORKLOADS.map((object) => [titleOf(object), object] as const))(
    "%s is no root, has no token of the cluster, and every volume that it mounts",
    (_, { spec }) => {
      const pod = spec.template.spec;
      expect(pod).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
      });
      const volumes = [
        ...pod.volumes.map(({ name }) => name),
        ...(spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata.name),
      ];
      const mounts = [...pod.containers, ...(pod.initContainers ?? [])].flatMap((each) => each.volumeMounts);
      expect([...new Set(mounts.map(({ name }) => name))].sort()).toEqual(volumes.sort());
    },
  );

  it("stands in a namespace that is restricted", () => {
    expect(named("Namespace", "tocsin").metadata.labels).toMatchObject({
      "pod-security.kubernetes.io/enforce": "restricted",
    });
    for (const { kind, metadata } of ALL) if (kind !== "Namespace") expect(metadata.namespace).toBe("tocsin");
  });

  it("finds the user of the image", () => {
    expect(read("Dockerfile")).toContain("useradd --uid 1000 ");
  });
});

describe("secrets", () => {
  it("have no value here, and each that a pod mounts is listed", () => {
    const secrets = ofKind("Secret");
    expect(
      secrets
        .flatMap(({ data = {}, stringData = {} }) => [...Object.values(data), ...Object.values(stringData)])
        .filter(Boolean),
    ).toEqual([]);
    const mounted = WORKLOADS.flatMap(({ spec }) =>
      spec.template.spec.volumes.flatMap(({ secret, projected }) => [
        ...(secret === undefined ? [] : [secret.secretName]),
        ...(projected?.sources ?? []).flatMap((source) =>
          source.secret === undefined ? [] : [source.secret.name],
        ),
      ]),
    );
    expect([...new Set(mounted)].sort()).toEqual(secrets.map(({ metadata }) => metadata.name).sort());
  });
});

describe("the servers of NATS", () => {
  const text = named("ConfigMap", "tocsin-nats").data?.["nats.conf"] ?? "";

  it("are three, write before they acknowledge, and are those of the configuration", () => {
    const { replicas, serviceName } = named("StatefulSet", "tocsin-nats").spec;
    expect(replicas).toBe(configurationOf("receiver").bus?.replicas);
    expect(text).toMatch(/^ *sync_interval: always$/m);
    expect(text.match(/^ *tls:\/\//gm)).toHaveLength(replicas ?? 0);
    expect(configurationOf("receiver").bus?.servers).toEqual([`tls://${serviceName}.tocsin.svc:4222`]);
  });

  it("permit each user what deploy/nats does, for the facility of the configuration", () => {
    expect(subjectsOf(text, configurationOf("receiver").facility.id)).toEqual(PERMITTED);
  });

  it("take the public keys of their users from what the example lists", () => {
    const users = [...text.matchAll(/nkey: \$(\w+)/g)].map(([, name]) => name);
    expect(users).toEqual(Object.keys(named("ConfigMap", "tocsin-nats-users").data ?? {}));
  });
});
