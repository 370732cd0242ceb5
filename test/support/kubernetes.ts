import { globSync } from "node:fs";
import { validate as deployment } from "kubernetes-models/_schemas/IoK8sApiAppsV1Deployment";
import { validate as statefulSet } from "kubernetes-models/_schemas/IoK8sApiAppsV1StatefulSet";
import { validate as configMap } from "kubernetes-models/_schemas/IoK8sApiCoreV1ConfigMap";
import { validate as namespace } from "kubernetes-models/_schemas/IoK8sApiCoreV1Namespace";
import { validate as secret } from "kubernetes-models/_schemas/IoK8sApiCoreV1Secret";
import { validate as service } from "kubernetes-models/_schemas/IoK8sApiCoreV1Service";
import { validate as serviceAccount } from "kubernetes-models/_schemas/IoK8sApiCoreV1ServiceAccount";
import { validate as networkPolicy } from "kubernetes-models/_schemas/IoK8sApiNetworkingV1NetworkPolicy";
import { validate as disruptionBudget } from "kubernetes-models/_schemas/IoK8sApiPolicyV1PodDisruptionBudget";
import { parseAllDocuments } from "yaml";
import { ROOT, read } from "./documents.ts";

type Validate = ((data: unknown) => boolean) & {
  errors?: { instancePath: string; keyword: string }[] | null;
};

/** Kinds of objects that are known here, by API and name. */
const KINDS: Readonly<Record<string, Validate>> = {
  "apps/v1/Deployment": deployment,
  "apps/v1/StatefulSet": statefulSet,
  "networking.k8s.io/v1/NetworkPolicy": networkPolicy,
  "policy/v1/PodDisruptionBudget": disruptionBudget,
  "v1/ConfigMap": configMap,
  "v1/Namespace": namespace,
  "v1/Secret": secret,
  "v1/Service": service,
  "v1/ServiceAccount": serviceAccount,
};

type Labels = Record<string, string>;
interface Selector {
  matchLabels: Labels;
}
interface Probe {
  httpGet: { path: string; port: string; scheme?: string };
}
export interface Container {
  name: string;
  image: string;
  args?: string[];
  ports?: { name: string; containerPort: number; protocol: string }[];
  volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[];
  securityContext: object;
  resources: { requests?: object; limits?: object };
  readinessProbe?: Probe;
  livenessProbe?: Probe;
  startupProbe?: Probe;
}
export interface Volume {
  name: string;
  configMap?: { name: string };
  emptyDir?: object;
  secret?: { secretName: string };
  projected?: { sources: { secret?: { name: string }; configMap?: { name: string } }[] };
}
interface Peer {
  ipBlock?: { cidr: string };
  podSelector?: Selector;
  namespaceSelector?: Selector;
}
interface Rule {
  from?: Peer[];
  to?: Peer[];
  ports: { protocol: string; port: number | string }[];
}

/** What is read of any object; what its kind lacks is absent. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Labels };
  data?: Labels;
  stringData?: Labels;
  automountServiceAccountToken?: boolean;
  spec: {
    replicas?: number;
    serviceName?: string;
    podSelector?: Selector;
    policyTypes?: string[];
    ingress?: Rule[];
    egress?: Rule[];
    minAvailable?: number;
    maxUnavailable?: number;
    selector: Selector & Labels;
    ports?: { name: string; port: number; targetPort: string; protocol: string }[];
    template: {
      metadata: { labels: Labels; annotations?: Labels };
      spec: {
        serviceAccountName?: string;
        automountServiceAccountToken: boolean;
        securityContext: object;
        topologySpreadConstraints: { topologyKey: string }[];
        initContainers?: Container[];
        containers: [Container, ...Container[]];
        volumes: Volume[];
      };
    };
    volumeClaimTemplates?: { metadata: { name: string } }[];
  };
}

/** The objects of the manifests of a folder, without those of its kustomization; no folder below it. */
export function objectsOf(folder: string): KubernetesObject[] {
  return manifestsOf(folder).flatMap((file) =>
    parseAllDocuments(read(`${folder}/${file}`)).map((document) => document.toJS() as KubernetesObject),
  );
}

/** The files of manifests of a folder. */
export function manifestsOf(folder: string): string[] {
  return globSync("*.yaml", { cwd: `${ROOT}/${folder}` })
    .filter((file) => file !== "kustomization.yaml")
    .sort();
}

/** What the schemas of Kubernetes refuse of an object, and the fields that they do not know. */
export function faultsOf(object: KubernetesObject): string[] {
  const validate = KINDS[`${object.apiVersion}/${object.kind}`];
  if (validate === undefined) return [`no schema of ${object.apiVersion} ${object.kind}`];
  const unread: string[] = [];
  const settle: (() => void)[] = [];
  validate(watched(object, "", { unread, settle }));
  for (const each of settle) each();
  const errors = (validate.errors ?? []).map(({ instancePath, keyword }) => `${instancePath}: ${keyword}`);
  // After an error, what follows it was not looked at.
  return errors.length > 0 ? errors : unread.map((path) => `${path}: unknown field`);
}

/** A schema of Kubernetes refuses no field that it does not know: what its validator never asks for is unknown. */
function watched<T extends object>(
  value: T,
  path: string,
  told: { unread: string[]; settle: (() => void)[] },
): T {
  const asked = new Set<PropertyKey>();
  told.settle.push(() => {
    for (const key of Object.keys(value)) if (!asked.has(key)) told.unread.push(`${path}/${key}`);
  });
  const inner = new Map<PropertyKey, unknown>();
  return new Proxy(value, {
    get(target, key) {
      asked.add(key);
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== "object" || member === null) return member;
      if (!inner.has(key)) inner.set(key, watched(member, `${path}/${String(key)}`, told));
      return inner.get(key);
    },
  });
}
