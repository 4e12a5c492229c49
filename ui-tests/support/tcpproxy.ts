import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { Transform } from 'node:stream';

/** A header of the handshake of a websocket. */
const UPGRADE = /^upgrade: *websocket/im;

/** The headers that a proxy leaves out unless it is configured for websockets. */
const HOP_BY_HOP = /^(upgrade|connection):.*\r\n/gim;

/** A TCP port that forwards to another port of this machine, until it is cut. */
export class TcpProxy {
  private constructor(private readonly target: number) {}

  /** Open a proxy to a port. */
  static async open(target: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    await proxy.mend();
    return proxy;
  }

  /** The address to connect to; it never changes. */
  get url(): string {
    return `http://127.0.0.1:${this._port}/`;
  }

  /** Refuse connections, and close open ones. */
  async cut(): Promise<void> {
    const server = this._server;
    if (server !== null) {
      this._server = null;
      server.close();
      this._sockets.forEach(socket => socket.destroy());
      await once(server, 'close');
    }
  }

  /** Close websockets, and let new ones wait. */
  holdWebsockets(): void {
    this._handshakes = handshake =>
      new Promise(resolve => {
        this._held.push(() => {
          resolve(handshake);
        });
      });
    this._websockets.forEach(socket => socket.destroy());
  }

  /** Close websockets, and forward new ones as other requests, like nginx by default. */
  blockWebsockets(): void {
    this._handshakes = handshake =>
      Promise.resolve(handshake.replace(HOP_BY_HOP, ''));
    this._websockets.forEach(socket => socket.destroy());
  }

  /** Forward everything again. */
  async mend(): Promise<void> {
    this._handshakes = handshake => Promise.resolve(handshake);
    this._held.splice(0).forEach(release => {
      release();
    });
    if (this._server !== null) {
      return;
    }
    const server = createServer(near => this._join(near));
    server.listen(this._port, '127.0.0.1');
    await once(server, 'listening');
    this._port = (server.address() as AddressInfo).port;
    this._server = server;
  }

  private _join(near: Socket): void {
    const far = connect(this.target, '127.0.0.1');
    near.pipe(this._requestsOf(near)).pipe(far).pipe(near);
    for (const [socket, other] of [
      [near, far],
      [far, near]
    ] as const) {
      this._sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this._sockets.delete(socket);
        this._websockets.delete(socket);
        other.destroy();
      });
    }
  }

  /** Forward what a client sends, except for handshakes that are held or changed. */
  private _requestsOf(near: Socket): Transform {
    return new Transform({
      transform: (data: Buffer, _encoding, done) => {
        const text = data.toString('latin1');
        if (!UPGRADE.test(text)) {
          done(null, data);
          return;
        }
        this._websockets.add(near);
        void this._handshakes(text).then(handshake => {
          done(null, Buffer.from(handshake, 'latin1'));
        });
      }
    });
  }

  private _port = 0;
  private _server: Server | null = null;
  /** Returns the handshake of a websocket as it is forwarded. */
  private _handshakes = (handshake: string): Promise<string> =>
    Promise.resolve(handshake);
  /** Functions that forward the handshakes that wait. */
  private readonly _held: (() => void)[] = [];
  private readonly _websockets = new Set<Socket>();
  private readonly _sockets = new Set<Socket>();
}
