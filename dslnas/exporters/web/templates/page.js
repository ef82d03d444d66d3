// Decodes pictures, lays them on the background, and hands their bytes to the model, which resizes
// and normalises them. What a picture becomes here is what `preprocessing.py` makes of it.

const byId = (id) => document.getElementById(id);
const facts = JSON.parse(byId("facts").textContent);
const MOST_SHOWN = 10;

// ---- the model ----------------------------------------------------------------------------------

async function unpacked(id) {
  const packed = Uint8Array.from(atob(byId(id).textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function loaded() {
  const script = new Blob([await unpacked("script")], { type: "text/javascript" });
  const ort = await import(URL.createObjectURL(script));
  ort.env.wasm.numThreads = 1; // more need a server that isolates the page
  ort.env.wasm.wasmBinary = await unpacked("wasm");
  const model = await unpacked("model");
  const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
  return { ort, session };
}

const runtime = loaded();

async function outputsOf({ bytes, height, width }) {
  const { ort, session } = await runtime;
  const picture = new ort.Tensor("uint8", bytes, [height, width, facts.channels]);
  const outputs = await session.run({ [session.inputNames[0]]: picture });
  return [...outputs[session.outputNames[0]].data];
}

// ---- pictures -----------------------------------------------------------------------------------

function context2d(width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  return canvas.getContext("2d", { willReadFrequently: true, colorSpace: "srgb" });
}

// Returns red, green, blue and opacity of every pixel. What a canvas keeps is multiplied by the
// opacity and rounded, so that a transparent image is read from a texture, where there are some.
function rgbaOf(image) {
  const { width, height } = image;
  const context = context2d(width, height);
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  for (let place = 3; place < data.length; place += 4) {
    if (data[place] < 255) return fromTexture(image) ?? data;
  }
  return data;
}

function fromTexture(image) {
  const { width, height } = image;
  const gl = document.createElement("canvas").getContext("webgl");
  if (gl === null || Math.max(width, height) > gl.getParameter(gl.MAX_TEXTURE_SIZE)) return null;
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, image);
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
  if (gl.checkFramebufferStatus(gl.FRAMEBUFFER) !== gl.FRAMEBUFFER_COMPLETE) return null;
  const data = new Uint8Array(4 * width * height);
  gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, data);
  return data;
}

function backgroundColour() {
  const context = context2d(1, 1);
  context.fillStyle = facts.background;
  context.fillRect(0, 0, 1, 1);
  return context.getImageData(0, 0, 1, 1).data;
}

// Lays a value on another one, rounded as Pillow does.
function laidOn(below, value, opacity) {
  const sum = 128 * (value * opacity + below * (255 - opacity) + 128);
  return (sum + (sum >> 8)) >> 15;
}

// Returns the pixels of an image or a canvas in the channels of the model.
function pixelsOf(image) {
  const { width, height } = image;
  const data = rgbaOf(image);
  const below = backgroundColour();
  const { channels } = facts;
  const bytes = new Uint8Array(width * height * channels);
  for (let place = 0, to = 0; place < data.length; place += 4, to += channels) {
    const opacity = channels === 4 ? 255 : data[place + 3];
    const red = laidOn(below[0], data[place], opacity);
    const green = laidOn(below[1], data[place + 1], opacity);
    const blue = laidOn(below[2], data[place + 2], opacity);
    if (channels === 1) {
      bytes[to] = (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16;
      continue;
    }
    bytes[to] = red;
    bytes[to + 1] = green;
    bytes[to + 2] = blue;
    if (channels === 4) bytes[to + 3] = data[place + 3];
  }
  return { bytes, height, width };
}

async function readFile(file) {
  const how = {
    imageOrientation: "from-image", colorSpaceConversion: "none", premultiplyAlpha: "none",
  };
  const image = await createImageBitmap(file, how).catch(() => null);
  if (image === null) {
    throw new Error(`${file.name || "this"} is no picture that the browser reads`);
  }
  return pixelsOf(image);
}

// ---- the page -----------------------------------------------------------------------------------

let asked = 0;
let clearPad = () => {};

function cell(kind, content) {
  const element = document.createElement(kind);
  element.append(content);
  return element;
}

function row([name, value], isFirst) {
  const line = document.createElement("tr");
  line.className = isFirst ? "first" : "";
  line.dataset.name = name;
  line.dataset.value = value;
  line.append(cell("th", name));
  if (facts.task === "regression") {
    line.append(cell("td", value.toPrecision(6)));
  } else {
    const meter = Object.assign(document.createElement("meter"), { value });
    line.append(cell("td", meter), cell("td", `${(100 * value).toFixed(2)} %`));
  }
  return line;
}

function show(outputs) {
  const values = facts.names.map((name, place) => [name, outputs[place]]);
  const isOrdered = facts.task !== "regression";
  const shown = isOrdered ? values.sort((a, b) => b[1] - a[1]).slice(0, MOST_SHOWN) : values;
  const isFirst = (place) => facts.task === "classification" && place === 0;
  byId("values").replaceChildren(...shown.map((value, place) => row(value, isFirst(place))));
}

// Shows what the model makes of a picture; of one that another was chosen after, nothing.
async function label(picture) {
  asked += 1;
  const mine = asked;
  byId("state").textContent = "…";
  try {
    const outputs = await outputsOf(await picture);
    if (mine !== asked) return;
    show(outputs);
    byId("state").textContent = "";
  } catch (error) {
    if (mine !== asked) return;
    byId("values").replaceChildren();
    byId("state").textContent = error.message;
  }
}

function take(file) {
  if (!file) return;
  clearPad();
  URL.revokeObjectURL(byId("shown").src);
  byId("shown").src = URL.createObjectURL(file);
  byId("shown").hidden = false;
  label(readFile(file));
}

function watchFiles() {
  const drop = byId("drop");
  byId("file").addEventListener("change", (event) => take(event.target.files[0]));
  addEventListener("paste", (event) => take(event.clipboardData.files[0]));
  for (const name of ["dragover", "dragleave", "drop"]) {
    addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", name === "dragover");
      if (name === "drop") take(event.dataTransfer.files[0]);
    });
  }
}

function watchPad(pad) {
  const scale = 280 / Math.max(facts.height, facts.width);
  pad.height = Math.round(scale * facts.height);
  pad.width = Math.round(scale * facts.width);
  const context = pad.getContext("2d", { willReadFrequently: true });
  const light = byId("light");
  light.checked = facts.isLightOnDark;

  function clear() {
    asked += 1;
    context.fillStyle = light.checked ? "black" : "white";
    context.fillRect(0, 0, pad.width, pad.height);
    byId("values").replaceChildren();
  }

  function draw(event) {
    if (event.buttons !== 1) return;
    const at = [event.offsetX, event.offsetY];
    Object.assign(context, { lineCap: "round", lineWidth: pad.width / 11 });
    context.strokeStyle = light.checked ? "white" : "black";
    if (event.type === "pointerdown") {
      byId("shown").hidden = true;
      byId("file").value = "";
      pad.setPointerCapture(event.pointerId);
      context.beginPath();
      context.moveTo(...at);
    }
    context.lineTo(...at);
    context.stroke();
  }

  clearPad = clear;
  clear();
  pad.addEventListener("pointerdown", draw);
  pad.addEventListener("pointermove", draw);
  pad.addEventListener("pointerup", () => label(pixelsOf(pad)));
  byId("clear").addEventListener("click", clear);
  light.addEventListener("change", clear);
}

watchFiles();
if (byId("pad")) watchPad(byId("pad"));
runtime.then(
  () => { byId("state").textContent = ""; },
  (error) => { byId("state").textContent = `The model does not run here: ${error.message}`; },
);
