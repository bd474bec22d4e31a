/**
 * What the program as one file runs first: as `apps/cli/bin/serf.js`, but with the bundles where
 * Bun's compiler finds them.
 */
"use strict";
const words = process.argv.slice(2);
// An agent that starts needs nothing of the commands. Help and version are theirs.
if (words[0] === "agent" && !words.some((word) => /^--?(h|help|v|version)$/.test(word))) {
  require("../../apps/cli/dist/one-file/agent.cjs").main(words.slice(1));
  // Not before an agent that joins has done so, most likely.
  setTimeout(() => {
    require("../../apps/cli/dist/one-file/start-pages.cjs").giveBackStartPages();
  }, 2_000).unref();
} else {
  require("../../apps/cli/dist/one-file/serf.cjs");
}
