import { z } from "zod";

export const keyword = z.string();
export const keywords = z.array(z.string());
export const ip = z.string();
export const port = z.number().int().min(0).max(65535);
export const group = <T extends z.ZodRawShape>(shape: T) => z.looseObject(shape).partial();

const who = { name: keyword, domain: keyword, email: keyword, id: keyword, full_name: keyword };
export const Geo = group({
  country_name: keyword,
  country_iso_code: keyword,
  region_name: keyword,
  city_name: keyword,
  postal_code: keyword,
});
export const Endpoint = group({
  ip,
  port,
  address: keyword,
  domain: keyword,
  mac: keyword,
  bytes: z.number(),
  packets: z.number(),
  nat: group({ ip, port }),
  user: group(who),
  geo: Geo,
  as: group({ number: z.number().int(), organization: group({ name: keyword }) }),
});
export const Group = group({ name: keyword, domain: keyword, id: keyword });
export const User = group({
  ...who,
  roles: keywords,
  group: Group,
  target: group({ ...who, group: Group, roles: keywords }),
  effective: group(who),
  changes: group({ ...who, roles: keywords }),
});
export const Hash = group({
  md5: keyword,
  sha1: keyword,
  sha256: keyword,
  sha384: keyword,
  sha512: keyword,
  ssdeep: keyword,
});
export const Pe = group({
  original_file_name: keyword,
  product: keyword,
  description: keyword,
  company: keyword,
  file_version: keyword,
  imphash: keyword,
});
export const CodeSignature = group({
  exists: z.boolean(),
  subject_name: keyword,
  status: keyword,
  trusted: z.boolean(),
  valid: z.boolean(),
});
const executed = {
  name: keyword,
  pid: z.number().int(),
  entity_id: keyword,
  executable: keyword,
  command_line: keyword,
  args: keywords,
  title: keyword,
  exit_code: z.number().int(),
  working_directory: keyword,
  start: z.iso.datetime(),
  user: group(who),
  hash: Hash,
  pe: Pe,
  code_signature: CodeSignature,
};
export const Process = group({
  ...executed,
  parent: group(executed),
  thread: group({ id: z.number().int() }),
});
export const Image = group({
  name: keyword,
  path: keyword,
  hash: Hash,
  pe: Pe,
  code_signature: CodeSignature,
});
export const Traffic = group({ interface: group({ name: keyword }), zone: keyword });
export const Party = group({ address: keywords });
export const Certificate = {
  subject: keyword,
  issuer: keyword,
  not_before: z.iso.datetime(),
  not_after: z.iso.datetime(),
  hash: Hash,
};
