import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** A TCP port that leads to another one of this machine, until it is cut. */
export class Tunnel {
  private constructor(private readonly target: number) {}

  /** Open a way to a port. */
  static async open(target: number): Promise<Tunnel> {
    const tunnel = new Tunnel(target);
    await tunnel.mend();
    return tunnel;
  }

  /** The port to connect to, which stays the same. */
  get port(): number {
    return this._port;
  }

  /** Refuse connections, and end those there are. */
  async cut(): Promise<void> {
    const server = this._server;
    if (server !== null) {
      this._server = null;
      server.close();
      this._sockets.forEach(socket => socket.destroy());
      await once(server, 'close');
    }
  }

  /** Let everything pass again. */
  async mend(): Promise<void> {
    const server = createServer(near => this._join(near));
    server.listen(this._port, '127.0.0.1');
    await once(server, 'listening');
    this._port = (server.address() as AddressInfo).port;
    this._server = server;
  }

  private _join(near: Socket): void {
    const far = connect(this.target, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near]
    ] as const) {
      this._sockets.add(socket);
      socket.pipe(other);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this._sockets.delete(socket);
        other.destroy();
      });
    }
  }

  private _port = 0;
  private _server: Server | null = null;
  private readonly _sockets = new Set<Socket>();
}
