import { join } from "node:path";
import { inboundContract } from "../../test/contract/inbound.contract.ts";
import { template } from "./index.ts";

inboundContract(template, join(import.meta.dirname, "fixtures"));
