// Runs one player on one film: for each time asked for, says which part of which picture the player shows.
export const film = await (await fetch("film.json")).json();
export const folder = new URL(".", location.href).href;

export const load = (source) =>
  new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = source;
    script.onload = resolve;
    script.onerror = () => reject(new Error(`${source} was not loaded`));
    document.head.append(script);
  });

export const style = (source) =>
  new Promise((resolve) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = source;
    link.onload = link.onerror = resolve;
    document.head.append(link);
  });

export const until = async (ready, what) => {
  for (let tries = 0; tries < 400; tries++) {
    const value = await ready();
    if (value) return value;
    await moment();
  }
  throw new Error(`waited in vain for ${what}`);
};

export const moment = () => new Promise((resolve) => setTimeout(resolve, 25));

export const video = (attributes = {}) => {
  const element = document.createElement("video");
  Object.assign(element, { muted: true, preload: "auto", src: `${folder}film.webm`, ...attributes });
  document.getElementById("stage").append(element);
  return element;
};

export const point = (element, share, type, Kind = MouseEvent) => {
  const box = element.getBoundingClientRect();
  const [x, y] = [box.left + box.width * share, box.top + box.height / 2];
  const event = new Kind(type, { bubbles: true, composed: true, cancelable: true, clientX: x, clientY: y, view: window });
  element.dispatchEvent(event);
};

const natural = async (url) => {
  const image = new Image();
  image.src = url;
  await image.decode();
  return [image.naturalWidth, image.naturalHeight];
};

// What a background shows: its picture, and the part of it in the picture's own pixels.
export const background = async (element) => {
  const computed = getComputedStyle(element);
  const url = computed.backgroundImage.match(/url\("(.*)"\)/)?.[1];
  if (!url) return null;
  const [width, height] = await natural(url);
  const [x, y] = computed.backgroundPosition.split(" ").map((value) => -parseFloat(value));
  const [across, down] = computed.backgroundSize.split(" ");
  const scale = across && across !== "auto" ? parseFloat(across) / width : down?.endsWith("px") ? parseFloat(down) / height : 1;
  return { url, x: x / scale, y: y / scale, width: element.clientWidth / scale, height: element.clientHeight / scale };
};

// What a picture that is moved behind a window shows.
export const moved = async (image, frame) => {
  const [width, height] = await natural(image.src);
  const [inner, outer] = [image.getBoundingClientRect(), frame.getBoundingClientRect()];
  const [across, down] = [width / inner.width, height / inner.height];
  return {
    url: image.src,
    x: (outer.left - inner.left) * across,
    y: (outer.top - inner.top) * down,
    width: outer.width * across,
    height: outer.height * down,
  };
};

// What a player shows once it has followed the pointer: the same twice, and another tile than before.
const settled = async (tile, at, before) => {
  let last;
  for (let tries = 0; tries < 12; tries++) {
    const now = await tile(at);
    if (same(now, last) && !same(now, before)) return now;
    last = now;
  }
  return last;
};

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

export const report = async (show) => {
  const answer = { shown: [] };
  try {
    const tile = await show();
    let before = null;
    for (const at of film.times) {
      before = await settled(tile, at, before);
      answer.shown.push({ at, ...before });
    }
  } catch (error) {
    answer.error = `${error?.stack ?? error}`;
  }
  await fetch("result", { method: "POST", body: JSON.stringify(answer) });
  document.title = "done";
};
