// Pictures in and out: files and cameras become canvases, canvases become bytes.

const LARGEST = 1600; // pixels of the longer side that are kept of a picture

/** Sides of a picture whose longer side is brought to `size`, in its aspect ratio. */
function sidesAt(width, height, size) {
  const scale = size / Math.max(width, height);
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
}

/** A canvas of a size with a picture on it; halved step by step, so that nothing is left out on the way. */
function drawn(source, width, height, [toWidth, toHeight]) {
  let [w, h, from] = [width, height, source];
  while (w > 2 * toWidth && h > 2 * toHeight) {
    const half = document.createElement('canvas');
    [half.width, half.height] = [Math.ceil(w / 2), Math.ceil(h / 2)];
    half.getContext('2d').drawImage(from, 0, 0, half.width, half.height);
    [w, h, from] = [half.width, half.height, half];
  }
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [toWidth, toHeight];
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.imageSmoothingQuality = 'high';
  context.fillStyle = '#fff'; // under what is transparent
  context.fillRect(0, 0, toWidth, toHeight);
  context.drawImage(from, 0, 0, toWidth, toHeight);
  return canvas;
}

/** The bytes of a canvas with its sides, as the painter takes them. */
function bytesOf(canvas) {
  const { width, height } = canvas;
  return { pixels: canvas.getContext('2d').getImageData(0, 0, width, height).data, width, height };
}

/** A file that a visitor gave, as a canvas; an error is a sentence for them. */
async function canvasOf(file) {
  const name = file.name ? `“${file.name}”` : 'What you pasted';
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new Error(`${name} is not a picture that this browser can read. Try a JPEG or PNG file.`);
  }
  const { width, height } = bitmap;
  if (Math.min(width, height) < 32) throw new Error(`${name} has ${width} x ${height} pixels. Give one with 32 or more on each side.`);
  const canvas = drawn(bitmap, width, height, sidesAt(width, height, Math.min(LARGEST, Math.max(width, height))));
  bitmap.close();
  return canvas;
}

/** A picture of the page itself, as a canvas. */
async function canvasAt(address) {
  const image = new Image();
  image.src = address;
  await image.decode();
  return drawn(image, image.naturalWidth, image.naturalHeight, [image.naturalWidth, image.naturalHeight]);
}

const CAMERA_TROUBLE = {
  NotAllowedError: 'The camera was refused. Allow it beside the address of this page, or open a picture instead.',
  NotFoundError: 'This machine has no camera that the browser can find. Open a picture instead.',
  NotReadableError: 'The camera is in use by another program. Close that, then try again.',
};

/** A playing video of the camera; an error is a sentence. */
async function openCamera() {
  if (!navigator.mediaDevices) throw new Error('The browser gives no camera to this address. Open the page from a file or over https.');
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'user', width: { ideal: 640 }, height: { ideal: 480 } } });
    const video = document.createElement('video');
    Object.assign(video, { srcObject: stream, muted: true, playsInline: true });
    await video.play();
    return video;
  } catch (error) {
    throw new Error(CAMERA_TROUBLE[error.name] ?? `The camera does not start (${error.message}). Open a picture instead.`);
  }
}

function closeCamera(video) {
  for (const track of video.srcObject.getTracks()) track.stop();
}
