/** Three members learn where they are by probing each other; then distances need no probe. */
import { CoordinateClient, defaultVivaldiOptions, estimatedRttSeconds } from "@x/vivaldi";

const paris = new CoordinateClient(defaultVivaldiOptions, Math.random);
const london = new CoordinateClient(defaultVivaldiOptions, Math.random);
const tokyo = new CoordinateClient(defaultVivaldiOptions, Math.random);

// In a cluster, each ack carries the coordinate of the member that answers.
for (let round = 0; round < 50; round++) {
  paris.observe("london", london.coordinate, 0.009);
  paris.observe("tokyo", tokyo.coordinate, 0.222);
  london.observe("paris", paris.coordinate, 0.009);
  london.observe("tokyo", tokyo.coordinate, 0.229);
  tokyo.observe("paris", paris.coordinate, 0.222);
  tokyo.observe("london", london.coordinate, 0.229);
}

const [toLondon, toTokyo] = [london, tokyo].map((other) =>
  Math.round(estimatedRttSeconds(paris.coordinate, other.coordinate) * 1000),
);
console.log(`from paris: london ${toLondon} ms, tokyo ${toTokyo} ms`);
