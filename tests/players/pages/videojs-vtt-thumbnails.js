import { background, folder, load, moment, point, report, style, until, video } from "/pages/page.js";

await report(async () => {
  await style("/node_modules/video.js/dist/video-js.min.css");
  await load("/node_modules/video.js/dist/video.min.js");
  await style("/node_modules/videojs-vtt-thumbnails/dist/videojs-vtt-thumbnails.css");
  await load("/node_modules/videojs-vtt-thumbnails/dist/videojs-vtt-thumbnails.min.js");
  const media = video({ controls: true, className: "video-js", width: 640, height: 360 });
  const player = videojs(media);
  await until(() => player.duration() > 0, "the length");
  await player.play();
  player.pause();
  player.vttThumbnails({ src: `${folder}storyboard.vtt` });
  const progress = player.controlBar.progressControl.el();
  return async (at) => {
    const bar = document.querySelector(".vjs-progress-holder");
    const window_ = await until(() => document.querySelector(".vjs-vtt-thumbnail-display"), "the display");
    for (const type of ["mouseenter", "mouseover", "pointerenter", "pointermove", "mousemove"]) point(bar, at / player.duration(), type);
    point(progress, at / player.duration(), "mousemove");
    await moment();
    return background(window_);
  };
});
