import { expect, it } from "vitest";
import * as api from "../../../src/rpc/client/index.ts";

it("exports exactly this from @x/agent/rpc-client", () => {
  expect(Object.keys(api).toSorted()).toEqual([
    "DEFAULT_RPC_ADDRESS",
    "RpcClient",
    "RpcError",
    "Subscription",
    "addressText",
    "connectRpc",
  ]);
});
