const { TOCSIN_CONFIG, TOCSIN_STATE, TOCSIN_CALL, TOCSIN_START, TOCSIN_SHOW } = process.env;

/** How this installation is laid out and called: the image and the command of a host say it by the environment. */
export const INSTALLATION = {
  /** The configuration, unless `--config` names another. (Default: config/tocsin.yml.) */
  config: TOCSIN_CONFIG || "config/tocsin.yml",
  /** State directory of a new configuration, from its folder. (Default: ../state.) */
  state: TOCSIN_STATE || "../state",
  /** What a person types before the name of a command. */
  call: TOCSIN_CALL || "npm run tocsin --",
  /** What a person types to start the daemon. */
  start: TOCSIN_START || "npm start",
  /** What a person types before the path of a file of this installation to see it. */
  show: TOCSIN_SHOW || "cat",
} as const;
