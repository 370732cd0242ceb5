import { join } from "node:path";
import { inboundSuite } from "../shared/inbound-suite.ts";
import { template } from "./index.ts";

inboundSuite(template, join(import.meta.dirname, "fixtures"));
