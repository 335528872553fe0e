/**
 * Takes over the connection that the page's first script opened while its modules were on their way.
 * It is made once: whatever is connected later is connected in the library's own way.
 */

import { WebSocket as Transport } from "socket.io-client";

/** What stands on the window: the socket, and what it said while nobody listened. */
/** @typedef {{socket: WebSocket, heard: string[]}} Early */

export class EarlySocket extends Transport {
  /**
   * @param {string} uri @param {string|string[]|undefined} protocols
   * @param {Record<string, any>} options
   * @returns {WebSocket}
   */
  createSocket(uri, protocols, options) {
    const early = take(uri);
    if (!early) return super.createSocket(uri, protocols, options);
    queueMicrotask(() => replay(early)); // who asked for it listens by then
    return early.socket;
  }
}

/** @param {string} uri @returns {Early|undefined} */
function take(uri) {
  const page = /** @type {typeof globalThis & {earlySocket?: Early}} */ (globalThis);
  const early = page.earlySocket;
  delete page.earlySocket;
  const stands = early && early.socket.readyState <= WebSocket.OPEN;
  return stands && early.socket.url === new URL(uri).href ? early : undefined;
}

/** One that is still connecting says all this by itself. @param {Early} early */
function replay({ socket, heard }) {
  if (socket.readyState !== WebSocket.OPEN) return;
  socket.onopen?.(new Event("open"));
  for (const data of heard) socket.onmessage?.(new MessageEvent("message", { data }));
}
