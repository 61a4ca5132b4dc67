// What `nst.paint_once` does, with the codes kept that would be read again: nstlib/feedforward/once.py is the model.
import * as tf from '@tensorflow/tfjs-core';
import { cropped, fromBytes, grey, luminance, matched, padded, spread, withLuminance } from './pixels.js';
import { mix, styleCode } from './style.js';
import { FACTOR, Transformer } from './transformer.js';

const EXACT = 0.25; // strength under which the painting fades into the photograph itself
const SMALLEST_SIDE = 16;
const MOST_CODES = 64; // kept
const STEPS = 50; // of the mean and deviation of a lightness, beyond which a style in grey is not read anew

export class Painter {
  /**
   * @param weights Of `readWeights`.
   * @param {{layers: string[], read: string[], mean: number[], deviation: number}} encoder What reads a style.
   */
  constructor(weights, encoder) {
    this.weights = weights;
    this.encoder = encoder;
    this.transformer = new Transformer(weights);
    this.styles = new Map(); // name -> {pixels, height, width, code}
    this.codes = new Map(); // what was read, by a key that says of what
    this.inUse = '';
  }

  /** Make a style picture known by a name; its code, where it is known already, need not be read. */
  addStyle({ name, pixels, height, width, code }) {
    this.styles.set(name, { pixels: fromBytes(pixels), height, width, code });
  }

  /**
   * Paint.
   * @param {object} job
   * @param {Uint8ClampedArray} job.pixels The photograph, RGBA; `height` and `width` are its sides.
   * @param {{pixels: Uint8ClampedArray, height: number, width: number}} job.small The photograph at which its own
   *   style is read, or nothing, for the photograph itself.
   * @param {string} job.key Names the photograph; its code is read once for a key.
   * @param {string[]} job.styles Names.
   * @param {number[]} job.shares Of each; they sum to 1.
   * @param {number} job.strength From 0, the photograph, to 1, the style.
   * @param {boolean} job.keepColours Paint with the lightness alone.
   * @param {function(): Promise<void>} pause Awaited between layers; it may throw to stop.
   * @returns {Promise<Float32Array>} RGB, as many pixels.
   */
  async paint({ pixels, height, width, small, key, styles, shares, strength, keepColours }, pause) {
    if (Math.min(height, width) < SMALLEST_SIDE) throw new RangeError(`one pass needs ${SMALLEST_SIDE} pixels or more on each side`);
    const photo = fromBytes(pixels);
    if (strength === 0) return photo;
    const light = keepColours ? luminance(photo) : null;
    const seen = light ? grey(light) : photo;
    const code = await this.codeFor({ seen, height, width, small, key, styles, shares, strength, light });
    const painting = await this.pass(seen, height, width, code, pause);
    const share = Math.min(1, strength / EXACT);
    for (let i = 0; i < painting.length; i++)
      painting[i] = share * Math.min(1, Math.max(0, painting[i])) + (1 - share) * seen[i];
    return light ? withLuminance(photo, luminance(painting)) : painting;
  }

  /** The code of the mixture, brought towards that of the photograph where the strength is below 1. */
  async codeFor({ seen, height, width, small, key, styles, shares, strength, light }) {
    const used = styles.map((name, i) => [name, shares[i]]).filter(([, share]) => share > 0);
    const codes = [];
    for (const [name] of used) codes.push(await this.readStyle(name, light));
    const style = mix(codes, used.map(([, share]) => share));
    if (strength >= 1) return style;
    const own = await this.kept(`photo ${key} ${Boolean(light)}`, () => {
      if (!small) return { pixels: seen, height, width };
      const values = fromBytes(small.pixels);
      return { pixels: light ? grey(luminance(values)) : values, height: small.height, width: small.width };
    });
    return mix([own, style], [1 - strength, strength]);
  }

  /** The code of a style; in grey with the mean and deviation of a lightness, where one is given. */
  async readStyle(name, light) {
    const { pixels, height, width, code } = this.styles.get(name);
    if (!light) return code ?? this.kept(`style ${name}`, () => ({ pixels, height, width }));
    const wanted = spread(light);
    const about = [wanted.mean, wanted.deviation].map((value) => Math.round(value * STEPS));
    return this.kept(`grey ${name} ${about}`, () => ({ pixels: grey(matched(luminance(pixels), wanted)), height, width }));
  }

  /** The code of a picture, read the first time that its key is asked for. */
  async kept(key, picture) {
    if (!this.codes.has(key)) {
      const { pixels, height, width } = picture();
      this.codes.set(key, await styleCode(pixels, height, width, this.layers(), this.encoder, this.weights));
      if (this.codes.size > MOST_CODES) this.codes.delete(this.codes.keys().next().value);
    }
    return this.codes.get(key);
  }

  /** The embedded network's layers on the backend, from the first time that a style is read. */
  layers() {
    this.uploaded ??= this.encoder.layers.map((name) => ({
      name,
      kernel: tf.tensor4d(this.weights[`${name}/kernel`].values, this.weights[`${name}/kernel`].shape),
      bias: tf.tensor1d(this.weights[`${name}/bias`].values),
    }));
    return this.uploaded;
  }

  /** One pass of the transformer over RGB in [0, 1]. */
  async pass(values, height, width, code, pause = async () => {}) {
    const wanted = JSON.stringify(code);
    if (wanted !== this.inUse) this.transformer.use(code);
    this.inUse = wanted;
    const whole = padded(values, height, width, FACTOR);
    const image = tf.tensor4d(whole.values, [1, whole.rows, whole.columns, 3]);
    try {
      const painted = await this.transformer.paint(image, pause);
      const out = await painted.data();
      painted.dispose();
      return cropped(out, whole.columns, height, width);
    } finally {
      image.dispose();
    }
  }
}
