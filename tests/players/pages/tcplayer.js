import { folder, load, moment, point, report, style, until, video } from "/pages/page.js";

await report(async () => {
  await style("/node_modules/tcplayer.js/dist/tcplayer.min.css");
  await load("/node_modules/tcplayer.js/dist/tcplayer.v5.3.4.min.js");
  const media = video({ id: "tc", controls: true, width: 640, height: 360 });
  media.removeAttribute("src");
  const player = TCPlayer("tc", {
    sources: [{ src: `${folder}film.webm`, type: "video/webm" }],
    plugins: { VttThumbnail: { vttUrl: `${folder}storyboard.vtt` } },
  });
  await until(() => player.duration() > 0 && document.querySelector(".tcp-vtt-thumbnail-img"), "the length");
  player.error(null); // code 55: there is no licence, and without one nothing plays; its thumbnails work all the same
  player.controls(true);
  player.addClass("vjs-has-started");
  return async (at) => {
    const bar = await until(() => document.querySelector(".vjs-progress-holder"), "the bar");
    for (const type of ["mouseenter", "mouseover", "mousemove"]) point(bar, at / player.duration(), type);
    await moment();
    const image = await until(() => document.querySelector(".tcp-vtt-thumbnail-img"), "the picture");
    const { left, top } = image.style;
    const { width, height } = image.parentElement.style;
    return { url: image.src, x: -parseFloat(left), y: -parseFloat(top), width: parseFloat(width), height: parseFloat(height) };
  };
});
