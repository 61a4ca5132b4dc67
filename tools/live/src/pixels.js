// Bytes of a canvas and numbers of the network, and lightness apart from colour as nstlib/colours.py has it.

const LUMA = [0.299, 0.587, 0.114]; // Y of YIQ, ITU-R BT.601
const NO_VARIANCE = 1e-8;

/** RGBA bytes -> RGB in [0, 1]. */
export function fromBytes(bytes) {
  const values = new Float32Array((bytes.length / 4) * 3);
  for (let i = 0, k = 0; i < bytes.length; i += 4)
    for (let c = 0; c < 3; c++) values[k++] = bytes[i + c] / 255;
  return values;
}

/** RGB in [0, 1] -> opaque RGBA bytes, rounded and clipped. */
export function toBytes(values) {
  const bytes = new Uint8ClampedArray((values.length / 3) * 4).fill(255);
  for (let i = 0, k = 0; k < values.length; i += 4)
    for (let c = 0; c < 3; c++) bytes[i + c] = values[k++] * 255;
  return bytes;
}

/** Mirrored pixels below and to the right, so that both sides are multiples of a factor. */
export function padded(values, height, width, factor) {
  const rows = Math.ceil(height / factor) * factor;
  const columns = Math.ceil(width / factor) * factor;
  if (rows === height && columns === width) return { values, rows, columns };
  const out = new Float32Array(rows * columns * 3);
  const mirrored = (i, size) => (i < size ? i : 2 * size - 1 - i);
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++) {
      const from = 3 * (mirrored(y, height) * width + mirrored(x, width));
      out.set(values.subarray(from, from + 3), 3 * (y * columns + x));
    }
  return { values: out, rows, columns };
}

/** The upper left part of a picture. */
export function cropped(values, columns, height, width) {
  if (values.length === 3 * height * width) return values;
  const out = new Float32Array(3 * height * width);
  for (let y = 0; y < height; y++) out.set(values.subarray(3 * y * columns, 3 * (y * columns + width)), 3 * y * width);
  return out;
}

/** Y = 0.299 R + 0.587 G + 0.114 B of every pixel. */
export function luminance(values) {
  const light = new Float32Array(values.length / 3);
  for (let i = 0; i < light.length; i++)
    light[i] = LUMA[0] * values[3 * i] + LUMA[1] * values[3 * i + 1] + LUMA[2] * values[3 * i + 2];
  return light;
}

/** Mean and standard deviation. */
export function spread(light) {
  let mean = 0;
  for (const value of light) mean += value / light.length;
  let variance = 0;
  for (const value of light) variance += (value - mean) ** 2 / light.length;
  return { mean, deviation: Math.sqrt(variance) };
}

/** Bring a lightness to another mean and deviation (Hertzmann et al. 2001, section 3.4); clipped. */
export function matched(light, wanted) {
  const own = spread(light);
  const gain = own.deviation ** 2 > NO_VARIANCE ? wanted.deviation / own.deviation : 0;
  return light.map((value) => Math.min(1, Math.max(0, gain * (value - own.mean) + wanted.mean)));
}

/** The same number for red, green and blue. */
export function grey(light) {
  const values = new Float32Array(3 * light.length);
  for (let i = 0; i < values.length; i++) values[i] = light[Math.floor(i / 3)];
  return values;
}

/**
 * Give a picture another lightness and leave its chroma. A colour that does not fit into [0, 1] at that lightness
 * loses saturation, not lightness.
 */
export function withLuminance(values, light) {
  const own = luminance(values);
  const out = new Float32Array(values.length);
  for (let i = 0; i < light.length; i++) {
    let share = 1;
    for (let c = 0; c < 3; c++) {
      const chroma = values[3 * i + c] - own[i];
      const room = chroma > 0 ? 1 - light[i] : light[i];
      share = Math.min(share, room / Math.max(Math.abs(chroma), 1e-6));
    }
    for (let c = 0; c < 3; c++) out[3 * i + c] = light[i] + share * (values[3 * i + c] - own[i]);
  }
  return out;
}
