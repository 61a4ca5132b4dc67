// The transformer: a photograph and a code become a painting in one pass. The layout is (1, height, width, channels).
import * as tf from '@tensorflow/tfjs-core';
import { modulation } from './style.js';

const EPSILON = 1e-4; // added to a variance before its root is taken
const FLAT = 1e-6; // the same for the three output maps
const LAST_NOISE = 'noise_up3'; // enters at full size
export const FACTOR = 4; // sides of the picture are multiples of this: it is halved twice

/**
 * The plan that the names and shapes of the weights state.
 * @returns {{normed: Array<Layer>, noises: Array<Layer>, blocks: number, width: number}} Layer: {name, channels}.
 */
export function planOf(weights) {
  const kernels = Object.keys(weights).filter((name) => name.endsWith('/kernel')).map((name) => name.slice(0, -7));
  const blocks = kernels.filter((name) => /^residual\d+_conv1$/.test(name)).length;
  const residual = Array.from({ length: blocks }, (_, i) => [`residual${i + 1}_conv1`, `residual${i + 1}_conv2`]);
  const channels = (name) => weights[`${name}/kernel`].shape[3];
  const normed = ['down1', 'down2', ...residual.flat(), 'up1', 'up2', 'up3'].map((name) => ({ name, channels: channels(name) }));
  const inner = Array.from({ length: blocks }, (_, i) => `noise${i + 1}`);
  const noises = [...inner, LAST_NOISE].filter((name) => kernels.includes(name)).map((name) => ({ name, channels: channels(name) }));
  return { normed, noises, blocks, width: channels('down2') };
}

export class Transformer {
  /** @param weights Of `readWeights`. */
  constructor(weights) {
    this.weights = weights;
    this.plan = planOf(weights);
    this.kernels = {};
    for (const name of [...[...this.plan.normed, ...this.plan.noises].map((layer) => layer.name), 'output'])
      this.kernels[name] = tf.tensor4d(weights[`${name}/kernel`].values, weights[`${name}/kernel`].shape);
    this.set = null; // tensors of the code in use
    this.noise = {}; // tile -> the noise of the size in use
  }

  /** Use a code until the next call. */
  use(code) {
    if (this.set) tf.dispose(this.set);
    const values = modulation(code.vector, this.plan, this.weights);
    const set = {};
    for (const [name, array] of Object.entries(values))
      set[name] = name.endsWith('/depthwise') ? depthwiseKernel(array, this.plan.width) : tf.tensor1d(array);
    set.root = tf.tensor4d(code.root, [1, 1, 3, 3]); // symmetric
    set.mean = tf.tensor1d(code.mean);
    this.set = set;
  }

  /**
   * Paint a picture whose sides are multiples of FACTOR.
   * @param {tf.Tensor4D} image (1, H, W, 3), RGB in [0, 1].
   * @param {function(): Promise<void>} pause Awaited between layers; it may throw, and then nothing is left behind.
   * @returns {Promise<tf.Tensor4D>} The same shape; not clipped.
   */
  async paint(image, pause) {
    const [, height, width] = image.shape;
    this.makeNoise('tile/quarter', height / FACTOR, width / FACTOR);
    this.makeNoise('tile/whole', height, width);
    const half = await step(pause, () => this.normed(tf.sub(image, 0.5), 'down1', { stride: 2 }));
    try {
      let x = await step(pause, () => this.normed(half, 'down2', { stride: 2 }));
      for (let i = 1; i <= this.plan.blocks; i++) x = await step(pause, (h) => this.residual(h, i), x);
      x = await step(pause, (h) => tf.relu(tf.add(this.normed(twice(h), 'up1', { relu: false }), half)), x);
      x = await step(pause, (h) => this.normed(h, 'up2'), x);
      x = await step(pause, (h) => this.finest(h, image), x);
      return await step(pause, (h) => this.colour(reflected(h, this.kernels.output, 1)), x);
    } finally {
      half.dispose();
    }
  }

  /** Noise, a convolution, the depthwise kernels of the style, a convolution, and the sum with what came in. */
  residual(x, number) {
    const noise = `noise${number}`;
    const h = this.kernels[noise] ? this.noisy(x, noise, 'tile/quarter') : x;
    let r = this.normed(h, `residual${number}_conv1`);
    r = tf.depthwiseConv2d(mirrored(r, 1), this.set[`residual${number}/depthwise`], 1, 'valid');
    return tf.add(h, this.normed(r, `residual${number}_conv2`, { relu: false }));
  }

  /** The last stage: it sees the photograph itself, because interpolation has left no fine detail. */
  finest(x, image) {
    const h = this.normed(tf.concat([twice(x), tf.sub(image, 0.5)], 3), 'up3');
    return this.noisy(h, LAST_NOISE, 'tile/whole');
  }

  /** Maps with noise added, as strong as the style says. */
  noisy(x, name, tile) {
    const kernel = tf.mul(this.kernels[name], this.set[`${name}/gain`]);
    return tf.add(x, tf.conv2d(this.noise[tile].tensor, kernel, 1, 'valid'));
  }

  /** Convolution and conditional instance normalisation; the norm is a depthwise 1 x 1 convolution with a bias. */
  normed(x, name, { stride = 1, relu = true } = {}) {
    const y = reflected(x, this.kernels[name], stride);
    const mean = channelMeans(y);
    const variance = flat(channelMeans(tf.squaredDifference(y, mean)));
    const scale = tf.mul(tf.add(this.set[`${name}/scale`], 1), tf.rsqrt(tf.add(variance, EPSILON)));
    const bias = tf.sub(this.set[`${name}/shift`], tf.mul(flat(mean), scale));
    const filter = tf.reshape(scale, [1, 1, -1, 1]);
    return tf.fused.depthwiseConv2d({ x: y, filter, strides: 1, pad: 'valid', bias, activation: relu ? 'relu' : 'linear' });
  }

  /** Normalise the three maps and give them the style's covariance and mean, as one 1 x 1 convolution. */
  colour(y) {
    const mean = channelMeans(y);
    const variance = flat(channelMeans(tf.squaredDifference(y, mean)));
    const kernel = tf.mul(this.set.root, tf.reshape(tf.rsqrt(tf.add(variance, FLAT)), [1, 1, 3, 1]));
    const shift = flat(tf.sum(tf.mul(kernel, tf.reshape(mean, [1, 1, 3, 1])), 2));
    return tf.add(tf.conv2d(y, kernel, 1, 'valid'), tf.sub(this.set.mean, shift));
  }

  /** A tile of noise repeated over (height, width); kept until another size is asked for. */
  makeNoise(tile, height, width) {
    const kept = this.noise[tile];
    if (kept && kept.height === height && kept.width === width) return;
    if (kept) kept.tensor.dispose();
    const { values, shape } = this.weights[tile];
    const [rows, columns, channels] = shape;
    const tiled = new Float32Array(height * width * channels);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const from = ((y % rows) * columns + (x % columns)) * channels;
        tiled.set(values.subarray(from, from + channels), (y * width + x) * channels);
      }
    this.noise[tile] = { height, width, tensor: tf.keep(tf.tensor4d(tiled, [1, height, width, channels])) };
  }
}

/** Kernels given as (channels, 3 x 3) for x -> x + depthwise(x): as (3, 3, channels, 1), with 1 added in the middle. */
function depthwiseKernel(array, channels) {
  const taps = array.length / channels;
  const side = Math.sqrt(taps);
  const kernel = new Float32Array(array.length);
  for (let c = 0; c < channels; c++)
    for (let t = 0; t < taps; t++) kernel[t * channels + c] = array[c * taps + t] + (t === (taps - 1) / 2 ? 1 : 0);
  return tf.tensor4d(kernel, [side, side, channels, 1]);
}

/** One step of the pass; its input, where it is given, is not needed afterwards. */
async function step(pause, compute, input = null) {
  const out = tf.tidy(() => compute(input));
  tf.dispose(input);
  try {
    await pause();
  } catch (error) {
    out.dispose();
    throw error;
  }
  return out;
}

/** Mean of each channel, (1, 1, 1, C). WebAssembly pools without moving the maps about; a GPU sums faster in stages. */
export function channelMeans(x) {
  const [, height, width] = x.shape;
  return tf.getBackend() === 'wasm' ? tf.avgPool(x, [height, width], 1, 'valid') : tf.mean(x, [1, 2], true);
}

const flat = (x) => tf.reshape(x, [-1]);
const mirrored = (x, by) => tf.mirrorPad(x, [[0, 0], [by, by], [by, by], [0, 0]], 'reflect');
const reflected = (x, kernel, stride) => tf.conv2d(mirrored(x, (kernel.shape[0] - 1) / 2), kernel, stride, 'valid');
const twice = (x) => tf.image.resizeBilinear(x, [2 * x.shape[1], 2 * x.shape[2]], false, true);
