// The weights as the page carries them: a table of names and shapes, and all values as float16, one after the other.

/** The float32 value of each of 65,536 half-precision numbers (IEEE 754 binary16). */
function halves() {
  const values = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0) values[bits] = sign * 2 ** -24 * fraction;
    else if (exponent === 31) values[bits] = fraction ? NaN : sign * Infinity;
    else values[bits] = sign * 2 ** (exponent - 25) * (1024 + fraction);
  }
  return values;
}

/**
 * Read the weights.
 * @param {Array<[string, number[]]>} table Name and shape of each array, in the order of the file.
 * @param {ArrayBuffer} buffer Their values, float16, little endian.
 * @returns {Object<string, {values: Float32Array, shape: number[]}>}
 */
export function readWeights(table, buffer) {
  const bits = new Uint16Array(buffer);
  const value = halves();
  const weights = {};
  let start = 0;
  for (const [name, shape] of table) {
    const size = shape.reduce((product, n) => product * n, 1);
    const values = new Float32Array(size);
    for (let i = 0; i < size; i++) values[i] = value[bits[start + i]];
    weights[name] = { values, shape };
    start += size;
  }
  if (start !== bits.length) throw new Error(`the weights hold ${bits.length} numbers, the table ${start}`);
  return weights;
}
