/**
 * Many RPC clients in one process, every second of which never reads again once its stream is
 * granted. They count bytes, since to decode millions of records would measure the decoder.
 *
 * Arguments: port, number of clients. Answers every message with `{ granted, readBytes }`;
 * `"stop"` also makes those that read stop their stream.
 */
import { connect } from "node:net";
import { encode } from "@msgpack/msgpack";

/** The responses to the handshake and to the stream. */
const GREETING_BYTES = 26;

const [port, clientCount] = process.argv.slice(2).map(Number);
const sockets = Array.from({ length: clientCount }, () => connect(port, "127.0.0.1"));

function send(socket, ...values) {
  socket.write(Buffer.concat(values.map((value) => encode(value))));
}

for (const [index, socket] of sockets.entries()) {
  const isDeaf = index % 2 === 1;
  socket.on("error", () => {});
  socket.on("data", () => {
    if (isDeaf && socket.bytesRead >= GREETING_BYTES) socket.pause();
  });
  send(socket, { Command: "handshake", Seq: 1 }, { Version: 1 });
  send(socket, { Command: "stream", Seq: 2 }, { Type: "*" });
}

process.on("message", (message) => {
  const readers = sockets.filter((_, index) => index % 2 === 0);
  if (message === "stop") {
    for (const socket of readers) send(socket, { Command: "stop", Seq: 3 }, { Stop: 2 });
  }
  const granted = sockets.filter(({ bytesRead }) => bytesRead >= GREETING_BYTES).length;
  const readBytes = readers.reduce((sum, { bytesRead }) => sum + bytesRead, 0);
  process.send({ granted, readBytes });
});
