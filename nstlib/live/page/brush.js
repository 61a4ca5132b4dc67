// Who paints: one worker for each backend that the machine may have. They start side by side; the first that is ready
// paints, and the fastest stays.

const TRIAL = { height: 192, width: 256 }; // pixels of the trial pass
const SMALL = { height: 32, width: 32 }; // where there is nothing to compare
const AREA = TRIAL.height * TRIAL.width;

let asked = 0; // messages, to tell their answers apart

/** One worker with one backend. */
class PainterWorker {
  constructor(backend, address) {
    this.backend = backend;
    this.worker = new Worker(address);
    this.waiting = new Map();
    this.known = new Set(); // names of the styles it has
    this.worker.onmessage = ({ data }) => (data.kind === 'lost' ? this.onLost?.() : this.settle(data));
    this.worker.onerror = (event) => this.fail(event.message);
  }

  ask(kind, message = {}, transfer = []) {
    return new Promise((resolve, reject) => {
      const id = ++asked;
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, kind, ...message }, transfer);
    });
  }

  /** Stop all that was asked for; it fails with "stopped", unless it is done before. */
  stop() {
    this.worker.postMessage({ id: asked, kind: 'stop' });
  }

  settle({ id, error, ...answer }) {
    const { resolve, reject } = this.waiting.get(id);
    this.waiting.delete(id);
    if (error === undefined) resolve(answer);
    else reject(new Error(error));
  }

  fail(reason) {
    for (const { reject } of this.waiting.values()) reject(new Error(reason));
    this.waiting.clear();
  }

  end() {
    this.worker.terminate();
    this.fail('ended');
  }
}
class Brush {
  /**
   * @param {object} parts `engine`: the text of the worker; `weights`: base64; `table`, `encoder`, `code`: facts.
   * @param {function} onChange Called when another worker paints from now on.
   * @param {string} only The one backend to use, whatever the machine has; empty for the fastest.
   */
  constructor(parts, onChange, only) {
    Object.assign(this, { parts, onChange, only });
    this.address = URL.createObjectURL(new Blob([parts.engine], { type: 'text/javascript' }));
    this.bytes = Uint8Array.from(atob(parts.weights), (letter) => letter.charCodeAt(0));
    this.best = null; // the worker that paints
    this.lost = false; // whether a graphics processor was taken away
  }

  /** Start all that may be; resolves when one paints. */
  async start() {
    const names = this.only ? [this.only] : ['wasm', 'webgl'];
    const trials = names.map((name) => this.enter(name));
    try {
      await Promise.any(trials);
    } catch (error) {
      if (this.only) throw error.errors[0];
      await this.enter('cpu'); // neither WebAssembly nor WebGL: slow, but it paints
    }
  }

  /** Start one worker and compare it with the one that paints. */
  async enter(name) {
    const worker = new PainterWorker(name, this.address);
    const { table, encoder, code } = this.parts;
    const buffer = this.bytes.slice().buffer;
    try {
      const message = { backend: name, anyway: Boolean(this.only), table, encoder, buffer, trial: { ...(this.only ? SMALL : TRIAL), code } };
      Object.assign(worker, await worker.ask('start', message, [buffer]));
      if (this.only) worker.milliseconds *= AREA / (SMALL.height * SMALL.width);
    } catch (error) {
      worker.end();
      throw error;
    }
    worker.onLost = () => this.lose(worker);
    const slower = this.best && this.best.milliseconds <= worker.milliseconds;
    const idle = slower ? worker : this.best;
    if (!slower) this.best = worker;
    idle?.end(); // what it was painting is painted again
    if (!slower) this.onChange(worker);
  }

  /** The graphics processor was taken away; WebAssembly takes over. */
  lose(worker) {
    worker.end();
    if (this.best !== worker) return;
    this.best = null;
    this.lost = true;
    this.takingOver = this.enter('wasm').catch(() => this.enter('cpu'));
  }

  /** About how many milliseconds a painting of so many pixels takes now. */
  estimate(pixels) {
    return (this.best.milliseconds * pixels) / AREA;
  }

  /** Paint a job; styles that the worker does not know yet go before it. */
  async paint(job, styleOf) {
    await this.takingOver;
    const worker = this.best;
    try {
      for (const name of job.styles) {
        if (!worker.known.has(name)) await worker.ask('style', styleOf(name));
        worker.known.add(name);
      }
      const painting = await worker.ask('paint', job);
      worker.milliseconds = (painting.milliseconds * AREA) / (painting.width * painting.height);
      return painting;
    } catch (error) {
      if (this.best === worker) throw error;
      return await this.paint(job, styleOf); // a faster one came, or this one was lost
    }
  }
}
