import { background, film, folder, load, moment, point, report, style, until, video } from "/pages/page.js";

await report(async () => {
  await style("/node_modules/video.js/dist/video-js.min.css");
  await load("/node_modules/video.js/dist/video.min.js");
  await load("/node_modules/videojs-sprite-thumbnails/dist/videojs-sprite-thumbnails.min.js");
  const media = video({ controls: true, className: "video-js", width: 640, height: 360 });
  const player = videojs(media);
  player.spriteThumbnails({ ...film.players["videojs-sprite-thumbnails"], downlink: 0 });
  await until(() => player.duration() > 0, "the length");
  await player.play();
  player.pause();
  return async (at) => {
    const bar = document.querySelector(".vjs-progress-holder");
    point(bar, at / player.duration(), "mousemove");
    await moment();
    const shown = await background(document.querySelector(".vjs-mouse-display .vjs-time-tooltip"));
    const { width, height } = film.players["videojs-sprite-thumbnails"];
    return { ...shown, width, height };
  };
});
