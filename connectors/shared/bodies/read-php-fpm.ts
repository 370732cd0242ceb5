import type { Draft } from "../draft.ts";
import { readSaying, saying } from "./read-saying.ts";

/** The name is whoever's who typed it: of several addresses only the last is the page's. */
const PAGE = String.raw`^(?:\/\S{1,128}: )?`;

/** What the web pages of pfSense and OPNsense say of who signs in. */
const SAYINGS = [
  saying(
    new RegExp(
      `${PAGE}Successful login for user '(?<user>.{1,255})' from: (?<host>[\\da-f.:]{2,64})(?: \\((?<reason>[^()]{1,128})\\))?$`,
    ),
    "web_login",
    "authentication",
    "start",
    "success",
  ),
  saying(
    new RegExp(
      `${PAGE}(?:webConfigurator authentication error|Web GUI authentication error) for (?:user )?'(?<user>.{1,255})' from:? ?(?<host>[\\da-f.:]{2,64})$`,
    ),
    "web_login",
    "authentication",
    "start",
    "failure",
  ),
  saying(
    new RegExp(
      `${PAGE}User logged out for user '(?<user>.{1,255})' from: (?<host>[\\da-f.:]{2,64})(?: \\([^()]{1,128}\\))?$`,
    ),
    "web_logout",
    "authentication session",
    "end",
    "success",
  ),
];

/** Reads what PHP's process manager says for the pages of pfSense and OPNsense; other programs stay text. */
export const readPhpFpm = (draft: Draft, message: string): void => {
  readSaying(draft, SAYINGS, message);
};
