// A photograph taken in the page, where the browser has a camera. It is handed to the upload of photos as a file,
// so that the same is checked. `this` is the picture whose attribute this is.
const picture = this;
(function begin() {
  const studio = picture.closest(".nst-studio"), upload = studio && studio.querySelector(".nst-upload-photo");
  if (!upload || !picture.isConnected) { setTimeout(begin, 50); return; }

  const button = (text, act) => {
    const made = Object.assign(document.createElement("button"), { type: "button", className: "nst-camera" });
    made.textContent = text;
    made.addEventListener("click", act);
    return made;
  };
  const panel = document.createElement("div");
  panel.className = "nst-film";
  panel.setAttribute("role", "group");
  panel.setAttribute("aria-label", "Camera");
  panel.innerHTML = '<video autoplay muted playsinline aria-label="What the camera sees"></video><p role="alert"></p>';
  const [video, says] = panel.children;
  const take = button("Take the picture", shoot), actions = document.createElement("div");
  actions.className = "nst-actions";
  actions.append(take, button("Close the camera", close));
  panel.append(actions);
  const opener = button("Use the camera", open);

  // In a page without encryption from elsewhere there is no camera; a phone then has its own for an upload.
  const devices = navigator.mediaDevices;
  const offer = (there) => { if (there) upload.before(opener); };
  if (!devices) offer(matchMedia("(pointer: coarse)").matches);
  else devices.enumerateDevices().then((all) => offer(all.some((each) => each.kind === "videoinput"))).catch(() => {});

  async function open() {
    if (!devices) { fromPhone(); return; }
    if (panel.isConnected) return;
    says.textContent = "";
    video.hidden = take.hidden = true;
    upload.closest(".nst-above").after(panel);
    try {
      const seen = await devices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
      if (!panel.isConnected) { end(seen); return; } // closed meanwhile
      video.srcObject = seen;
      await video.play();
      video.hidden = take.hidden = false;
      take.focus();
      panel.scrollIntoView({ block: "nearest" });
    } catch (error) {
      says.textContent = error.name === "NotAllowedError"
        ? "The camera is not allowed here: allow it in the browser's settings for this page, or upload a photo."
        : "The camera gives no picture: see that no other program uses it, or upload a photo.";
    }
  }

  function shoot() {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d").drawImage(video, 0, 0);
    canvas.toBlob((blob) => {
      hand(new File([blob], "photograph.jpg", { type: "image/jpeg" }));
      close();
    }, "image/jpeg", 0.92);
  }

  function close() {
    end(video.srcObject);
    video.srcObject = null;
    panel.remove();
    opener.focus();
  }

  function end(stream) {
    for (const track of stream ? stream.getTracks() : []) track.stop();
  }

  function fromPhone() {
    const input = Object.assign(document.createElement("input"), { type: "file", accept: "image/*" });
    input.setAttribute("capture", "environment");
    input.addEventListener("change", () => input.files.length && hand(input.files[0]));
    input.click();
  }

  // The upload keeps its input to itself; a click on the upload is a click on that.
  function hand(file) {
    const click = HTMLInputElement.prototype.click, files = new DataTransfer();
    let input = null;
    HTMLInputElement.prototype.click = function () { input = this; };
    try { upload.click(); } finally { HTMLInputElement.prototype.click = click; }
    files.items.add(file);
    input.files = files.files;
    input.dispatchEvent(new Event("change"));
  }

  document.addEventListener("visibilitychange", () => { if (document.hidden && panel.isConnected) close(); });
})();
