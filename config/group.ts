import { z } from "zod";
import { Id } from "./source.ts";

/** A login of this facility's own accounts. */
const Login = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, "a login of an account here: small letters, digits, . _ -");

/** The facilities that share the record (GHT), and who of this one sees their open incidents. */
export const Group = z
  .strictObject({
    name: z.string().min(1).max(200),
    /** All of the group, this one included, under the ids of their own configurations. */
    facilities: z
      .array(z.strictObject({ id: Id, name: z.string().min(1).max(200) }))
      .min(2)
      .max(50),
    members: z.array(Login).min(1).max(200),
  })
  .superRefine(({ facilities, members }, { addIssue }) => {
    const twice = (list: readonly string[]) => list.findIndex((each, i) => list.indexOf(each) < i);
    const problem = (path: PropertyKey[], message: string) => addIssue({ code: "custom", path, message });
    const facility = twice(facilities.map(({ id }) => id));
    if (facility >= 0) problem(["facilities", facility, "id"], "named twice; leave one out");
    const member = twice(members);
    if (member >= 0) problem(["members", member], "named twice; leave one out");
  });
export type Group = z.infer<typeof Group>;
