import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** A TCP port that forwards to another port of this machine, until it is cut. */
export class TcpProxy {
  private constructor(private readonly target: number) {}

  /** Open a proxy to a port. */
  static async open(target: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    await proxy.mend();
    return proxy;
  }

  /** The port to connect to; it never changes. */
  get port(): number {
    return this._port;
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

  /** Close websockets and refuse new ones, like a proxy without support for them. */
  cutWebsockets(): void {
    this._hasWebsockets = false;
    this._websockets.forEach(socket => socket.destroy());
  }

  /** Forward everything again. */
  async mend(): Promise<void> {
    this._hasWebsockets = true;
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
    near.on('data', request => {
      if (/^upgrade: *websocket/im.test(request.toString('latin1'))) {
        this._websockets.add(near);
        if (!this._hasWebsockets) {
          near.destroy();
        }
      }
    });
    for (const [socket, other] of [
      [near, far],
      [far, near]
    ] as const) {
      this._sockets.add(socket);
      socket.pipe(other);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this._sockets.delete(socket);
        this._websockets.delete(socket);
        other.destroy();
      });
    }
  }

  private _port = 0;
  private _server: Server | null = null;
  private _hasWebsockets = true;
  private readonly _websockets = new Set<Socket>();
  private readonly _sockets = new Set<Socket>();
}
